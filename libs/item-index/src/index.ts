export { compileFilter } from './compile-filter';
export {
  DimensionError,
  IndexClosedError,
  IndexDamagedError,
  IndexExistsError,
  IndexNotFoundError,
  IndexNotSealedError,
  InvalidFilterError,
  InvalidIndexIdError,
  InvalidPointError,
  NonFiniteVectorError,
} from './errors';
export { compareIndexIds, type IndexId, parseIndexId } from './index-id';
export { type IndexSettings, indexSettings } from './index-settings';
export type {
  Attributes,
  AttributeType,
  AttributeValue,
  Hit,
  IndexPoint,
  IndexSpec,
  ItemIndex,
  ItemIndexStore,
  SearchRequest,
} from './item-index';
export { matchesFilter } from './matches-filter';
export { type QdrantSettings, qdrantSettings } from './qdrant-settings';
export { validateFilter } from './validate-filter';
