import type { Keys } from '@gatehouse/domain';

import type { FrequencyEstimator } from '../src';

/** Half the L1 distance between an estimator and true probabilities, over all items. */
export function halfL1(estimator: FrequencyEstimator, keys: Keys, truth: Float64Array): number {
  const p = new Float64Array(truth.length);
  estimator.probability(keys, p);
  return p.reduce((sum, each, item) => sum + Math.abs(each - truth[item]), 0) / 2;
}
