export type { Candidate, SourceScore } from './candidate';
export type { CandidateInput } from './candidate-input';
export type { Context, Features, FeatureValue, Scalar } from './features';
export { type Filter, maxFilterDepth } from './filter';
export { hashId, hashIds, type Keys } from './hash-id';
export { idProblem, type ItemId, maxIdBytes, type UserId } from './ids';
export type { Impression } from './impression';
export type { Item } from './item';
export {
  compareModelVersions,
  formatModelVersion,
  type ModelVersion,
  type ModelVersionId,
  parseModelVersion,
} from './model-version';
export type { Offsets } from './offsets';
export type { HistoryEntry, QueryInput } from './query-input';
export { createRandom, type Random } from './random';
export {
  applyPatch,
  checkPatch,
  isPatch,
  type PatchMemory,
  type RowsPatch,
  type SnapshotPatch,
} from './snapshot-patch';
export { type Json, type Snapshot, type Stateful, type StateTensor, tensorOf, type TensorTypes } from './stateful';
export type { UserProfile } from './user-profile';
