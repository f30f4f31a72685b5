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
export type { Tower } from './tower';
export { createTrainStep, NonFiniteLossError, type TrainBatch, type TrainStep } from './train-step';
export {
  createTwoTowerModel,
  restoreTwoTowerModel,
  schemaPart,
  servingParts,
  snapshotSchema,
  type TwoTowerModel,
} from './two-tower-model';
