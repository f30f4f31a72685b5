import { idProblem } from '@gatehouse/domain';

import { checkVector } from './check-vector';
import { InvalidPointError } from './errors';
import type { IndexPoint, IndexSpec } from './item-index';

/**
 * Checks points before any of them is stored, so that a batch is taken whole or not at all.
 *
 * @throws DimensionError, NonFiniteVectorError, InvalidPointError.
 */
export function checkPoints(points: readonly IndexPoint[], spec: IndexSpec): void {
  for (const { itemId, vector, attributes } of points) {
    const problem = idProblem(itemId);
    if (problem !== undefined) throw new InvalidPointError(itemId, 'id', problem);
    checkVector(vector, spec.dimension, itemId);
    for (const [name, value] of Object.entries(attributes)) {
      const field = `attribute ${JSON.stringify(name)}`;
      if (!Object.hasOwn(spec.attributes, name)) {
        const declared = Object.keys(spec.attributes).join(', ') || 'none';
        throw new InvalidPointError(itemId, field, `not declared; declared are: ${declared}`);
      }
      for (const element of [value].flat()) {
        if (typeof element !== 'number' || Number.isFinite(element)) continue;
        throw new InvalidPointError(itemId, field, `expected finite numbers, found ${element}`);
      }
    }
  }
}
