import * as tf from './tf';

/** Vectors of a whole catalogue, kept for many multiplications. */
export interface CandidateMatrix {
  readonly items: number;
  /** Dot products of queries `[batch, dim]` with every item, `[batch, items]`. */
  scores(queries: Float32Array): Float32Array;
  dispose(): void;
}

/**
 * Keeps item vectors ready for exact full-catalogue scores; one tensor lives until `dispose`.
 *
 * @param vectors `[items, dimension]`
 * @example
 * const matrix = createCandidateMatrix(candidate.embed(items), 64);
 * const scores = matrix.scores(query.embed(queries));
 */
export function createCandidateMatrix(vectors: Float32Array, dimension: number): CandidateMatrix {
  const items = vectors.length / dimension;
  const byDimension = tf.tidy(() => tf.transpose(tf.tensor2d(vectors, [items, dimension]))); // [dim, items]
  return {
    items,
    scores: (queries) =>
      tf.valuesOf(() => tf.matMul(tf.tensor2d(queries, [queries.length / dimension, dimension]), byDimension)),
    dispose: () => byDimension.dispose(),
  };
}
