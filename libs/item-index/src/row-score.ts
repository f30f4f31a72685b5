import type { IndexSpec } from './item-index';

/**
 * Score of the row of `vectors` that begins at `from`, against a query `[dimension]`. The query comes as float64, which saves half of
 * the conversions: products and sums are float64 anyway, and every adapter scores by these functions, so their scores are equal bit by bit.
 */
export type RowScore = (query: Float64Array, vectors: Float32Array, from: number) => number;

/** `sum_d q_d x_d`. */
function dot(query: Float64Array, vectors: Float32Array, from: number): number {
  let sum = 0;
  for (let d = 0; d < query.length; d++) sum += query[d] * vectors[from + d];
  return sum;
}

/** `-sum_d (q_d - x_d)^2`: greater is nearer. */
function minusSquaredDistance(query: Float64Array, vectors: Float32Array, from: number): number {
  let sum = 0;
  for (let d = 0; d < query.length; d++) {
    const difference = query[d] - vectors[from + d];
    sum -= difference * difference;
  }
  return sum;
}

/** Score of each metric. */
export const rowScores: Readonly<Record<IndexSpec['metric'], RowScore>> = { dot, l2: minusSquaredDistance };
