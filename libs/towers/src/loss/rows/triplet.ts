import * as tf from '../../tf';
import type { RowLoss } from '../row-loss';

/**
 * Triplet loss with the hardest negative n of the sample: `L_i = max(0, |q - c_i|^2 - |q - c_n|^2 + margin)`. For unit vectors
 * `|q - c|^2 = 2 - 2 s`, so `L_i = max(0, margin + 2 (s_in - s_i))`. Gradients: `dL_i/ds_in = 2` and `dL_i/ds_i = -2` where it is
 * above 0; negatives with the same score share the slope.
 *
 * Biased on purpose: the hardest of a larger sample is harder, so there is no value that it approaches, and log Q does not enter.
 * Source: Schroff et al. 2015 (FaceNet), eq. 3.
 */
export function createTriplet(margin: number): RowLoss {
  return {
    onScores: true,
    keepsAccidentalHits: false,
    usesShared: true,
    compute: ({ positive, shared, sharedChoice, hard }) => {
      const sharedScores = tf.add<tf.Tensor2D>(shared, sharedChoice.mask);
      const hardScores = hard && tf.add<tf.Tensor2D>(hard.logits, hard.choice.mask);
      let hardest = tf.max<tf.Tensor2D>(sharedScores, 1, true); // s_in, [rows, 1]
      if (hardScores) hardest = tf.maximum(hardest, tf.max<tf.Tensor2D>(hardScores, 1, true));
      const isHardest = (scores: tf.Tensor2D): tf.Tensor2D =>
        tf.cast<tf.Tensor2D>(tf.equal<tf.Tensor2D>(scores, hardest), 'float32');
      const sharedHits = tf.mul<tf.Tensor2D>(isHardest(sharedScores), sharedChoice.counts);
      const hardHits = hardScores && tf.mul<tf.Tensor2D>(isHardest(hardScores), hard.choice.counts);
      let hits = tf.sum<tf.Tensor2D>(sharedHits, 1, true);
      if (hardHits) hits = tf.add<tf.Tensor2D>(hits, tf.sum(hardHits, 1, true));
      const violation = tf.add<tf.Tensor2D>(tf.mul(tf.sub<tf.Tensor2D>(hardest, positive), 2), margin);
      const slope = tf.mul<tf.Tensor2D>(tf.step(violation), 2); // [rows, 1]
      const each = tf.div<tf.Tensor2D>(slope, tf.maximum(hits, 1));
      return {
        loss: tf.relu(violation),
        positive: tf.neg(slope),
        shared: tf.mul<tf.Tensor2D>(sharedHits, each),
        hard: hardHits && tf.mul<tf.Tensor2D>(hardHits, each),
      };
    },
  };
}
