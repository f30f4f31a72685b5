import * as tf from '../tf';

/** Added to the squared norm, so that a zero row stays zero with a finite gradient. */
const epsilon = 1e-12;

/** One normalisation, kept for its backward pass. */
export interface NormalisePass {
  /** `[batch, dim]`, rows of length 1. */
  readonly output: tf.Tensor2D;
  /** Gradient of the input for that of the output, both `[batch, dim]`. */
  backward(outputGradient: tf.Tensor2D): tf.Tensor2D;
}

/**
 * Divides each row by its length: `y = x / |x|`, with gradient `dx = (dy - y (y . dy)) / |x|`.
 * Call within `tidy`.
 */
export function l2Normalise(input: tf.Tensor2D): NormalisePass {
  const inverseNorm = tf.rsqrt(tf.add(tf.sum(tf.mul(input, input), 1, true), epsilon)); // [batch, 1]
  const output = tf.mul<tf.Tensor2D>(input, inverseNorm);
  return {
    output,
    backward: (gradient) => {
      const along = tf.sum(tf.mul(output, gradient), 1, true); // [batch, 1]
      return tf.mul(tf.sub(gradient, tf.mul(output, along)), inverseNorm);
    },
  };
}

/** {@link l2Normalise} of plain rows, in place. */
export function l2NormaliseRows(rows: Float32Array, dimension: number): void {
  for (let from = 0; from < rows.length; from += dimension) {
    let squares = 0;
    for (let d = from; d < from + dimension; d++) squares += rows[d] * rows[d];
    const inverseNorm = 1 / Math.sqrt(squares + epsilon);
    for (let d = from; d < from + dimension; d++) rows[d] *= inverseNorm;
  }
}
