export { createFrequencyEstimator, type FrequencyEstimatorOptions } from './create-frequency-estimator';
export { createDecayedCountMinEstimator, type DecayedCountMinOptions } from './decayed-count-min-estimator';
export { createEstimatorCheck, type EstimatorCheck, type EstimatorError } from './estimator-check';
export { createExactEstimator } from './exact-estimator';
export type { FrequencyEstimator } from './frequency-estimator';
export { createGapEstimator, type GapEstimatorOptions } from './gap-estimator';
export {
  createNegativeMixer,
  type LiveCatalogue,
  type NegativeMix,
  type NegativeMixer,
  type NegativeMixerOptions,
} from './negative-mixer';
export { createRecentPositives, type RecentPositives } from './recent-positives';
