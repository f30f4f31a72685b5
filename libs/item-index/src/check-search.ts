import { checkVector } from './check-vector';
import type { IndexSpec, SearchRequest } from './item-index';
import { validateFilter } from './validate-filter';

/**
 * Checks a request against an index.
 *
 * @throws DimensionError, NonFiniteVectorError, InvalidFilterError; RangeError when k or effort is no whole number from 0 on.
 */
export function checkSearch({ vector, k, filter, effort }: SearchRequest, { dimension, attributes }: IndexSpec): void {
  checkVector(vector, dimension);
  checkCount('k', k);
  if (effort !== undefined) checkCount('effort', effort);
  if (filter) validateFilter(filter, attributes);
}

function checkCount(name: string, count: number): void {
  if (Number.isSafeInteger(count) && count >= 0) return;
  throw new RangeError(`${name}: expected a whole number from 0 on, found ${count}`);
}
