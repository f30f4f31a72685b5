import * as tf from '../../tf';

/** `log(1 + exp(x))` without overflow: `max(x, 0) + log(1 + exp(-|x|))`. */
export function softplus(x: tf.Tensor2D): tf.Tensor2D {
  return tf.add<tf.Tensor2D>(tf.relu(x), tf.log(tf.add(1, tf.exp(tf.neg(tf.abs(x))))));
}

/** Sum over each row, `[rows, n] -> [rows, 1]`. */
export function rowSum(x: tf.Tensor): tf.Tensor2D {
  return tf.sum<tf.Tensor2D>(x, 1, true);
}
