import type { ItemId } from '@gatehouse/domain';

import { DimensionError, NonFiniteVectorError } from './errors';

/**
 * Checks one vector, `[dimension]`.
 *
 * @param itemId of the point, or undefined for a query.
 * @throws DimensionError, NonFiniteVectorError.
 */
export function checkVector(vector: Float32Array, dimension: number, itemId?: ItemId): void {
  if (vector.length !== dimension) throw new DimensionError(dimension, vector.length, itemId);
  for (let d = 0; d < dimension; d++) {
    if (!Number.isFinite(vector[d])) throw new NonFiniteVectorError(d, vector[d], itemId);
  }
}
