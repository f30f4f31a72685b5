import type { IndexSpec } from './item-index';

/**
 * Score of the row of `vectors` that begins at `from`, against a query `[dimension]`. Products and sums are float64, added in the
 * order of d, and every adapter scores by these functions: so their scores are equal bit by bit. The query comes as float64, which
 * saves half of the conversions; four terms a turn save a third of the time.
 */
export type RowScore = (query: Float64Array, vectors: Float32Array, from: number) => number;

/** `sum_d q_d x_d`. */
function dot(query: Float64Array, vectors: Float32Array, from: number): number {
  const dimension = query.length;
  let sum = 0;
  let d = 0;
  for (; d + 3 < dimension; d += 4) {
    const at = from + d;
    sum =
      sum +
      query[d] * vectors[at] +
      query[d + 1] * vectors[at + 1] +
      query[d + 2] * vectors[at + 2] +
      query[d + 3] * vectors[at + 3];
  }
  for (; d < dimension; d++) sum += query[d] * vectors[from + d];
  return sum;
}

/** `-sum_d (q_d - x_d)^2`: greater is nearer. */
function minusSquaredDistance(query: Float64Array, vectors: Float32Array, from: number): number {
  const dimension = query.length;
  let sum = 0;
  let d = 0;
  for (; d + 3 < dimension; d += 4) {
    const at = from + d;
    const difference0 = query[d] - vectors[at];
    const difference1 = query[d + 1] - vectors[at + 1];
    const difference2 = query[d + 2] - vectors[at + 2];
    const difference3 = query[d + 3] - vectors[at + 3];
    sum =
      sum -
      difference0 * difference0 -
      difference1 * difference1 -
      difference2 * difference2 -
      difference3 * difference3;
  }
  for (; d < dimension; d++) {
    const difference = query[d] - vectors[from + d];
    sum -= difference * difference;
  }
  return sum;
}

/** Score of each metric. */
export const rowScores: Readonly<Record<IndexSpec['metric'], RowScore>> = { dot, l2: minusSquaredDistance };
