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
export type {
  Attributes,
  AttributeValue,
  Hit,
  IndexPoint,
  IndexSpec,
  ItemIndex,
  ItemIndexStore,
  SearchRequest,
} from './item-index';
export { matchesFilter } from './matches-filter';
export { validateFilter } from './validate-filter';
