import type { Filter, ItemId, Scalar } from '@gatehouse/domain';

import type { Attributes, Hit, IndexPoint, IndexSpec, SearchRequest } from './item-index';

/** Filter semantics over the bare definition: an attribute is the list of its elements, and missing is the empty list. */
export function naiveMatches(filter: Filter, attributes: Attributes): boolean {
  const elementsOf = (name: string): readonly Scalar[] => [attributes[name] ?? []].flat();
  const [operator] = Object.keys(filter);
  switch (operator) {
    case 'allOf':
      return !(filter as { allOf: Filter[] }).allOf.some((part) => !naiveMatches(part, attributes));
    case 'anyOf':
      return (filter as { anyOf: Filter[] }).anyOf.filter((part) => naiveMatches(part, attributes)).length > 0;
    case 'not':
      return !naiveMatches((filter as { not: Filter }).not, attributes);
    case 'equals': {
      const { attribute, value } = (filter as Extract<Filter, { equals: unknown }>).equals;
      return elementsOf(attribute).indexOf(value) >= 0;
    }
    case 'in': {
      const { attribute, values } = (filter as Extract<Filter, { in: unknown }>).in;
      return values.filter((value) => elementsOf(attribute).indexOf(value) >= 0).length > 0;
    }
    default: {
      const { attribute, min, max } = (filter as Extract<Filter, { range: unknown }>).range;
      const numbers = elementsOf(attribute).filter((element) => typeof element === 'number');
      return numbers.filter((x) => !(min !== undefined && x < min) && !(max !== undefined && x > max)).length > 0;
    }
  }
}

/** The definition of an index, one line each: a map of points, and a search that scores, filters and sorts all of them. */
export class NaiveIndex {
  readonly points = new Map<ItemId, IndexPoint>();

  constructor(private readonly metric: IndexSpec['metric']) {}

  upsert(points: readonly IndexPoint[]): void {
    for (const point of points) this.points.set(point.itemId, point);
  }

  remove(itemIds: readonly ItemId[]): void {
    for (const itemId of itemIds) this.points.delete(itemId);
  }

  score(vector: Float32Array, itemId: ItemId): number {
    const other = this.points.get(itemId)?.vector ?? new Float32Array(0);
    return this.metric === 'dot'
      ? vector.reduce((sum, x, d) => sum + x * other[d], 0)
      : 0 - vector.reduce((sum, x, d) => sum + (x - other[d]) ** 2, 0);
  }

  /** All points that pass, best first. */
  ranking({ vector, filter, exclude }: Omit<SearchRequest, 'k'>): Hit[] {
    return [...this.points.values()]
      .filter(({ itemId, attributes }) => !exclude?.has(itemId) && (!filter || naiveMatches(filter, attributes)))
      .map(({ itemId }) => ({ itemId, score: this.score(vector, itemId) }))
      .sort((a, b) => b.score - a.score || (a.itemId < b.itemId ? -1 : 1));
  }
}
