export { type BackendName, backendNames, loadBackend, NoBackendError } from './backend';
export {
  canariesPart,
  type Canary,
  type CanaryQueries,
  canarySkew,
  createCanaryQueries,
  readCanaries,
} from './canaries';
export { type CandidateMatrix, createCandidateMatrix } from './candidate-matrix';
export { type CandidateMemory, type CandidateMemoryOptions, createCandidateMemory } from './candidate-memory';
export type { LossMeasures } from './loss/loss-measures';
export type { TableStats } from './tables/embedding-table';
export type { Tower } from './tower';
export {
  createTrainStep,
  type HardNegative,
  NonFiniteStepError,
  type StepResult,
  type TrainBatch,
  type TrainStep,
} from './train-step';
export {
  createTwoTowerModel,
  restoreTwoTowerModel,
  schemaPart,
  servingParts,
  snapshotSchema,
  type TwoTowerModel,
} from './two-tower-model';
