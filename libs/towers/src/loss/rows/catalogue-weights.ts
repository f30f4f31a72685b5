import * as tf from '../../tf';
import type { LogitBlock } from '../row-loss';
import { rowSum } from './numeric';

/** Weights of a row's negatives, summing to 1. */
export interface CatalogueWeights {
  /** `[rows, shared]` */
  readonly shared: tf.Tensor2D;
  /** `[rows, hard]` */
  readonly hard: tf.Tensor2D | undefined;
}

/**
 * What each candidate stands for in a mean over the catalogue: `v_ij = (1 / Q_j) / (sum_k 1 / Q_k + H_i)`, and `1 / (...)` for each of
 * the row's H_i hard negatives, which count once, as one item of the catalogue each.
 *
 * `sum_j v_ij f(x_ij)` estimates the mean of f over the items other than the positive for any mix of sources: self-normalised importance
 * sampling (Owen 2013, "Monte Carlo theory, methods and examples", section 9.2), with a bias that falls like 1 / candidates.
 */
export function catalogueWeights({ sharedChoice, logQ, hard }: LogitBlock): CatalogueWeights {
  // The largest 1 / Q is 1 here: Q differs by many powers of ten, and only ratios matter beside the hard negatives' weight.
  const smallest = tf.min(logQ);
  const inverse = tf.mul<tf.Tensor2D>(sharedChoice.counts, tf.exp(tf.sub(smallest, logQ))); // [rows, shared]
  const one = tf.exp(smallest); // the weight of one item, in the same unit
  let total = rowSum(inverse);
  if (hard) total = tf.add<tf.Tensor2D>(total, tf.mul(rowSum(hard.choice.counts), one));
  const safeTotal = tf.maximum(total, 1e-37); // a row without negatives has weights 0, not NaN
  return {
    shared: tf.div<tf.Tensor2D>(inverse, safeTotal),
    hard: hard && tf.div<tf.Tensor2D>(tf.mul(hard.choice.counts, one), safeTotal),
  };
}
