import { hashIds, type ItemId, type Stateful } from '@gatehouse/domain';

import type { FrequencyEstimator } from './frequency-estimator';
import { createRecentPositives } from './recent-positives';

/** How far an estimator is from exact counts of the recent stream. */
export interface EstimatorError {
  /** Half the L1 distance between estimate and exact share, over the items of the window. */
  readonly halfL1: number;
  /** What halfL1 would be for an estimator that knows the truth: the noise of the window itself. */
  readonly expectedNoise: number;
  /** Mean of log(estimate / exact share), weighted by the share: how much log Q is off where the draws are. */
  readonly logBias: number;
}

/** Compares an estimator with exact counts while it runs. */
export interface EstimatorCheck extends Stateful {
  /** Takes in the draws that the estimator observed. */
  observe(itemIds: readonly ItemId[]): void;
  /** Undefined before the first draw. Costs a read of every item in the window. */
  measure(): EstimatorError | undefined;
}

/**
 * Keeps the last `windowDraws` draws exactly and measures an estimator against them: what no sketch says of itself.
 *
 * With the window's shares r_j of W draws, `halfL1 = sum_j |p_j - r_j| / 2`. For the true p, `r_j` is a binomial share, so
 * `E|p_j - r_j| = sqrt(2 p_j / (pi W))` to first order, and `expectedNoise = sum_j sqrt(2 r_j / (pi W)) / 2`. A window of the newest
 * draws is the reference, and not a reservoir of all: the stream drifts, and the estimator is meant to follow it.
 *
 * @param name of the part in the checkpoint.
 * @throws RangeError when the window is no positive integer.
 * @example
 * const check = createEstimatorCheck('frequency.check', estimator, 16384);
 * estimator.observe(hashIds(itemIds));
 * check.observe(itemIds);
 * check.measure(); // { halfL1: 0.06, expectedNoise: 0.05, logBias: -0.01 }
 */
export function createEstimatorCheck(
  name: string,
  estimator: Pick<FrequencyEstimator, 'probability'>,
  windowDraws: number,
): EstimatorCheck {
  const recent = createRecentPositives(name, windowDraws);
  return {
    name,
    observe: (itemIds) => recent.add(itemIds),
    measure: () => {
      if (recent.size === 0) return undefined;
      const itemIds = [...recent.distinct()];
      const p = new Float64Array(itemIds.length);
      estimator.probability(hashIds(itemIds), p);
      let [distance, noise, logBias] = [0, 0, 0];
      itemIds.forEach((itemId, j) => {
        const r = recent.probability(itemId);
        distance += Math.abs(p[j] - r);
        noise += Math.sqrt((2 * r) / (Math.PI * recent.size));
        logBias += r * Math.log(p[j] / r);
      });
      return { halfL1: distance / 2, expectedNoise: noise / 2, logBias };
    },
    snapshot: () => recent.snapshot(),
    restore: (snapshot) => recent.restore(snapshot),
  };
}
