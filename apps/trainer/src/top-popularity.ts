/** Items looked at per row. */
const k = 10;

/**
 * Mean share of the stream of the items that rank first in each row: how popular what the model offers is.
 *
 * @param scores `[rows, items]`
 * @param counts how often each item occurred, `[items]`.
 * @returns undefined without rows or occurrences.
 */
export function topPopularity(scores: Float32Array, rows: number, counts: Float32Array): number | undefined {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (rows === 0 || total === 0) return undefined;
  let sum = 0;
  for (let row = 0; row < rows; row++) {
    const own = scores.subarray(row * counts.length, (row + 1) * counts.length);
    for (const position of firstOf(own)) sum += counts[position] / total;
  }
  return sum / (rows * Math.min(k, counts.length));
}

/** Positions of the k largest scores. */
function firstOf(scores: Float32Array): number[] {
  const best: number[] = []; // by falling score
  for (let position = 0; position < scores.length; position++) {
    if (best.length === k && scores[position] <= scores[best[k - 1]]) continue;
    let at = best.length;
    while (at > 0 && scores[best[at - 1]] < scores[position]) at--;
    best.splice(at, 0, position);
    if (best.length > k) best.pop();
  }
  return best;
}
