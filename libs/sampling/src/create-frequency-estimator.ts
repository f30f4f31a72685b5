import { createDecayedCountMinEstimator, type DecayedCountMinOptions } from './decayed-count-min-estimator';
import { createExactEstimator } from './exact-estimator';
import type { FrequencyEstimator } from './frequency-estimator';
import { createGapEstimator, type GapEstimatorOptions } from './gap-estimator';

/** Which estimator, and its options: the shape of `estimator` in the schema. */
export type FrequencyEstimatorOptions =
  | { readonly kind: 'exact' }
  | ({ readonly kind: 'decayed-count-min' } & DecayedCountMinOptions)
  | ({ readonly kind: 'gap' } & Omit<GapEstimatorOptions, 'initialGap'>);

/**
 * Creates the estimator of a kind.
 *
 * @param name of the part in the checkpoint.
 * @throws RangeError when an option is out of range.
 * @example createFrequencyEstimator('frequency', { kind: 'gap', cells: 65536, hashes: 4, rate: 0.01 });
 */
export function createFrequencyEstimator(name: string, options: FrequencyEstimatorOptions): FrequencyEstimator {
  switch (options.kind) {
    case 'gap':
      return createGapEstimator(name, options);
    case 'decayed-count-min':
      return createDecayedCountMinEstimator(name, options);
    case 'exact':
      return createExactEstimator(name);
  }
}
