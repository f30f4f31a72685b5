import type { IndexSpec } from './item-index';

/** Longest vector of an index. */
const maxDimension = 65_536;

/**
 * Checks the shape of an index before it is created.
 *
 * @throws RangeError when the dimension is not a whole number from 1 to 65,536.
 */
export function checkSpec({ dimension }: IndexSpec): void {
  if (Number.isInteger(dimension) && dimension >= 1 && dimension <= maxDimension) return;
  throw new RangeError(`dimension: expected a whole number from 1 to ${maxDimension}, found ${dimension}`);
}
