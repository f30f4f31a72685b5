import * as tf from '../../tf';
import type { LogitBlock, RowLoss } from '../row-loss';
import { catalogueWeights } from './catalogue-weights';
import { rowSum, softplus } from './numeric';

/** A loss of differences `d = negative - positive`: its value and its slope, elementwise. */
interface PairLoss {
  value(difference: tf.Tensor2D): tf.Tensor2D;
  slope(difference: tf.Tensor2D): tf.Tensor2D;
}

/**
 * Bayesian personalised ranking: `L_i = sum_j v_ij log(1 + exp(x_ij - x_i))`, with the weights v of `catalogueWeights`: an estimate of
 * the mean over the catalogue. Gradients: `dL_i/dx_ij = v_ij sigmoid(x_ij - x_i)`, and `dL_i/dx_i` is minus their sum.
 * Source: Rendle et al. 2009, section 4.1 (without the regulariser), with importance weights.
 */
export const bpr = createPairwise(false, { value: softplus, slope: (difference) => tf.sigmoid(difference) });

/**
 * Hinge: `L_i = sum_j v_ij max(0, margin - s_i + s_ij)` on scores, with the weights v of `catalogueWeights`.
 * Gradients: `dL_i/ds_ij = v_ij [margin - s_i + s_ij > 0]`, and `dL_i/ds_i` is minus their sum.
 * Source: Weston et al. 2011 (WSABIE), section 3, with importance weights in place of ranks.
 */
export function createHinge(margin: number): RowLoss {
  return createPairwise(true, {
    value: (difference) => tf.relu(tf.add<tf.Tensor2D>(difference, margin)),
    slope: (difference) => tf.step(tf.add<tf.Tensor2D>(difference, margin)),
  });
}

function createPairwise(onScores: boolean, pair: PairLoss): RowLoss {
  return {
    onScores,
    keepsAccidentalHits: false,
    usesShared: true,
    compute: (block: LogitBlock) => {
      const { positive, shared, hard } = block;
      const weights = catalogueWeights(block);
      const sides = [{ logits: shared, weights: weights.shared }];
      if (hard && weights.hard) sides.push({ logits: hard.logits, weights: weights.hard });
      const terms = sides.map(({ logits, weights: v }) => {
        const difference = tf.sub<tf.Tensor2D>(logits, positive);
        return {
          loss: rowSum(tf.mul(v, pair.value(difference))),
          gradient: tf.mul<tf.Tensor2D>(v, pair.slope(difference)),
        };
      });
      const sumOf = (parts: tf.Tensor2D[]): tf.Tensor2D => parts.reduce((a, b) => tf.add<tf.Tensor2D>(a, b));
      return {
        loss: sumOf(terms.map(({ loss }) => loss)),
        positive: tf.neg(sumOf(terms.map(({ gradient }) => rowSum(gradient)))),
        shared: terms[0].gradient,
        hard: terms[1]?.gradient,
      };
    },
  };
}
