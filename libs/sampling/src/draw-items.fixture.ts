import type { Random } from '@gatehouse/domain';

/** For tests: probabilities proportional to 1 / rank, `[items]`. */
export function zipf(items: number): Float64Array {
  const weights = Float64Array.from({ length: items }, (_, i) => 1 / (i + 1));
  const total = weights.reduce((sum, weight) => sum + weight);
  return weights.map((weight) => weight / total);
}

/** For tests: independent draws of positions with the given probabilities, `[count]`. */
export function drawItems(probabilities: Float64Array, count: number, random: Random): Int32Array {
  let sum = 0;
  const upTo = probabilities.map((p) => (sum += p));
  return new Int32Array(count).map(() => {
    const u = random.next();
    let [low, high] = [0, probabilities.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (upTo[middle] <= u) low = middle + 1;
      else high = middle;
    }
    return low;
  });
}
