import type { Random } from '@gatehouse/domain';

/** Draws items with given probabilities in constant time (Vose 1991). */
export function createAliasSampler(probabilities: Float64Array, random: Random): () => number {
  const n = probabilities.length;
  const threshold = probabilities.map((p) => p * n);
  const alias = new Int32Array(n);
  const small: number[] = [];
  const large: number[] = [];
  threshold.forEach((t, item) => (t < 1 ? small : large).push(item));
  while (small.length > 0 && large.length > 0) {
    const [less, more] = [small.pop() as number, large[large.length - 1]];
    alias[less] = more;
    threshold[more] -= 1 - threshold[less];
    if (threshold[more] < 1) small.push(large.pop() as number);
  }
  for (const item of [...small, ...large]) threshold[item] = 1;
  return () => {
    const item = random.below(n);
    return random.next() < threshold[item] ? item : alias[item];
  };
}
