import type { Filter, Scalar } from '@gatehouse/domain';

import type { Attributes } from './item-index';

/**
 * Whether a point's attributes pass a filter.
 *
 * Conditions: `equals` and `in` compare value and type (`1` is not `'1'`), and `in` without values matches nothing. `range` holds
 * for numbers with `min <= value <= max`, bounds included. A list attribute matches when any one element does; a missing
 * attribute and an empty list match no condition. `allOf` of nothing passes, `anyOf` of nothing does not. `not` is plain negation:
 * so **`not` of a condition on a missing attribute passes**, and on a list it asks that no element matches.
 *
 * @example matchesFilter({ not: { equals: { attribute: 'brand', value: 'acme' } } }, {}); // true
 */
export function matchesFilter(filter: Filter, attributes: Attributes): boolean {
  if ('allOf' in filter) return filter.allOf.every((part) => matchesFilter(part, attributes));
  if ('anyOf' in filter) return filter.anyOf.some((part) => matchesFilter(part, attributes));
  if ('not' in filter) return !matchesFilter(filter.not, attributes);
  if ('equals' in filter) {
    const { attribute, value } = filter.equals;
    return hasElement(attributes, attribute, (element) => element === value);
  }
  if ('in' in filter) {
    const { attribute, values } = filter.in;
    return hasElement(attributes, attribute, (element) => values.includes(element));
  }
  const { attribute, min = -Infinity, max = Infinity } = filter.range;
  return hasElement(
    attributes,
    attribute,
    (element) => typeof element === 'number' && element >= min && element <= max,
  );
}

function hasElement(attributes: Attributes, attribute: string, holds: (element: Scalar) => boolean): boolean {
  if (!Object.hasOwn(attributes, attribute)) return false;
  const value = attributes[attribute];
  return isList(value) ? value.some(holds) : holds(value);
}

function isList(value: Attributes[string]): value is readonly Scalar[] {
  return Array.isArray(value);
}
