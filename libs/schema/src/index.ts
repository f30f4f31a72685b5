export { actionOf } from './action-of';
export { compileSchema } from './compile-schema';
export { compileSchemaFile } from './compile-schema-file';
export { ConfigError, type ConfigProblem } from './config-error';
export type { Environment } from './environment';
export { readsProfiles } from './reads-profiles';
export { readYaml } from './read-yaml';
export { readYamlFile } from './read-yaml-file';
export type {
  ActionSpec,
  AttributeType,
  CategoriesFeature,
  CategoryFeature,
  EstimatorSpec,
  FeatureSpec,
  HistoryFeature,
  IdFeature,
  LossSpec,
  NegativesSpec,
  OutcomesSpec,
  NumberFeature,
  Ramp,
  RowLossSpec,
  ScheduleSpec,
  Schema,
  ScoreSpec,
  StageSpec,
  TableSpec,
  TextFeature,
  TowerSpec,
  TrainingSpec,
  UserStateSpec,
} from './schema';
