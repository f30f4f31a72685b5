import * as tf from '../../tf';
import type { RowLoss } from '../row-loss';
import { catalogueWeights } from './catalogue-weights';
import { rowSum, softplus } from './numeric';

/**
 * Binary cross-entropy: `L_i = log(1 + exp(-x_i)) + sum_j v_ij log(1 + exp(x_ij))`, with the weights v of `catalogueWeights`: the
 * positive against the mean negative of the catalogue. Gradients: `sigmoid(x_i) - 1` and `v_ij sigmoid(x_ij)`.
 * Source: Kang and McAuley 2018 (SASRec), section III.E, with importance weights in place of one uniform negative.
 */
export const binaryCrossEntropy: RowLoss = {
  onScores: false,
  keepsAccidentalHits: false,
  usesShared: true,
  compute: (block) => {
    const { positive, shared, hard } = block;
    const weights = catalogueWeights(block);
    let loss = tf.add<tf.Tensor2D>(softplus(tf.neg(positive)), rowSum(tf.mul(weights.shared, softplus(shared))));
    if (hard && weights.hard) loss = tf.add<tf.Tensor2D>(loss, rowSum(tf.mul(weights.hard, softplus(hard.logits))));
    return {
      loss,
      positive: tf.sub<tf.Tensor2D>(tf.sigmoid(positive), 1),
      shared: tf.mul<tf.Tensor2D>(weights.shared, tf.sigmoid(shared)),
      hard: hard && weights.hard && tf.mul<tf.Tensor2D>(weights.hard, tf.sigmoid(hard.logits)),
    };
  },
};

/**
 * Noise-contrastive estimation: is a candidate the positive, or one of the expected Q_j occurrences of noise?
 * `L_i = log(1 + exp(-(x_i - log Q_i))) + sum_j log(1 + exp(x_ij - log Q_j)) + sum_h log(1 + exp(x_ih))`.
 *
 * Its gradient vanishes in expectation where `x_j = log p(j | query)`: scores become log probabilities by themselves, without a
 * partition function. For that, noise is taken as it comes: occurrences of the positive among the shared candidates count, the own
 * slot apart. Hard negatives are no noise of a known probability; each counts once, which is a bias on purpose. A positive that no
 * source can repeat has log Q = 0 by the mixer, Q = 1: it is then told from one expected occurrence.
 *
 * Gradients: `sigmoid(x_i - log Q_i) - 1`, `sigmoid(x_ij - log Q_j)` and `sigmoid(x_ih)`.
 * Source: Gutmann and Hyvärinen 2010, section 2; Mnih and Teh 2012, section 3, with k P_n(j) = Q_j.
 */
export const noiseContrastive: RowLoss = {
  onScores: false,
  keepsAccidentalHits: true,
  usesShared: true,
  compute: ({ positive, positiveLogQ, shared, sharedChoice, logQ, hard }) => {
    const p = tf.sub<tf.Tensor2D>(positive, positiveLogQ);
    const noise = tf.sub<tf.Tensor2D>(shared, logQ);
    let loss = tf.add<tf.Tensor2D>(softplus(tf.neg(p)), rowSum(tf.mul(sharedChoice.counts, softplus(noise))));
    if (hard) loss = tf.add<tf.Tensor2D>(loss, rowSum(tf.mul(hard.choice.counts, softplus(hard.logits))));
    return {
      loss,
      positive: tf.sub<tf.Tensor2D>(tf.sigmoid(p), 1),
      shared: tf.mul<tf.Tensor2D>(sharedChoice.counts, tf.sigmoid(noise)),
      hard: hard && tf.mul<tf.Tensor2D>(hard.choice.counts, tf.sigmoid(hard.logits)),
    };
  },
};
