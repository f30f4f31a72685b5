import type { IndexSpec } from './item-index';

/** Longest vector of an index. */
const maxDimension = 65_536;

/**
 * Checks the shape of an index before it is created.
 *
 * @throws RangeError when the dimension is not a whole number from 1 to 65,536, or a prefix not one below it.
 */
export function checkSpec({ dimension, coarse }: IndexSpec): void {
  if (!(Number.isInteger(dimension) && dimension >= 1 && dimension <= maxDimension))
    throw new RangeError(`dimension: expected a whole number from 1 to ${maxDimension}, found ${dimension}`);
  if (coarse !== undefined && !(Number.isInteger(coarse) && coarse >= 1 && coarse < dimension))
    throw new RangeError(`coarse: expected a whole number from 1 to ${dimension - 1}, found ${coarse}`);
}
