import type { Canary, QueryTower } from './tower-library';

/**
 * Largest absolute difference between the vectors of canaries and those that a tower computes now: 0 without skew between
 * training and serving, Infinity when anything is not a number or has another length.
 *
 * @example if (!(canarySkew(canaries, tower) <= 1e-5)) refuse();
 */
export function canarySkew(canaries: readonly Canary[], tower: QueryTower): number {
  const found = tower.embed(canaries.map(({ query }) => query)); // [canaries, dimension]
  let largest = 0;
  canaries.forEach(({ vector }, c) => {
    if (vector.length !== tower.dimension) largest = Infinity;
    vector.forEach((expected, i) => {
      const difference = Math.abs(found[c * tower.dimension + i] - expected);
      largest = Math.max(largest, Number.isNaN(difference) ? Infinity : difference);
    });
  });
  return largest;
}
