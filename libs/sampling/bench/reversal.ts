import { createRandom, hashIds } from '@gatehouse/domain';

import { createFrequencyEstimator, type FrequencyEstimatorOptions } from '../src';
import { createAliasSampler } from './alias-sampler';
import { halfL1 } from './half-l1';

/** Error of one estimator over the steps of the simulation. */
export interface ReversalCurve {
  /** `[step, half L1]` */
  readonly points: readonly (readonly [number, number])[];
}

const items = 1000;
const batch = 128;
export const reversedAtStep = 10_000;
const lastStep = 20_000;
const readEverySteps = 250;

/**
 * The simulation of Yi et al. 2019, section 6.1: 1000 items with q proportional to i^2, batches of 128, all probabilities reversed at step
 * 10,000. The error is half the L1 distance between estimate and truth, per draw.
 */
export function simulateReversal(options: FrequencyEstimatorOptions, seed: number): ReversalCurve {
  const weights = Float64Array.from({ length: items }, (_, i) => (i + 1) ** 2);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const truth = weights.map((weight) => weight / total);
  const keys = hashIds(Array.from(truth, (_, item) => `seed ${seed} item ${item}`));
  const random = createRandom('draws', seed);
  const draws = [truth, truth.toReversed()].map((probabilities) => createAliasSampler(probabilities, random));
  const estimator = createFrequencyEstimator('frequency', options);
  const points: [number, number][] = [];
  const drawn = new Uint32Array(2 * batch);
  for (let step = 1; step <= lastStep; step++) {
    const isReversed = step > reversedAtStep;
    for (let b = 0; b < batch; b++) {
      const item = draws[Number(isReversed)]();
      drawn[2 * b] = keys[2 * item];
      drawn[2 * b + 1] = keys[2 * item + 1];
    }
    estimator.observe(drawn);
    if (step % readEverySteps === 0) {
      points.push([step, halfL1(estimator, keys, isReversed ? truth.toReversed() : truth)]);
    }
  }
  return { points };
}
