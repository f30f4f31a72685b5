import type { Filter, Scalar } from '@gatehouse/domain';

import type { Attributes } from './item-index';

/**
 * Makes a test of many points out of a filter, by the rules of {@link matchesFilter}. It takes one look for each condition, however many
 * values an `in` has.
 *
 * @example compileFilter({ in: { attribute: 'brand', values: ['acme'] } })({ brand: 'acme' }); // true
 */
export function compileFilter(filter: Filter): (attributes: Attributes) => boolean {
  if ('allOf' in filter) {
    const parts = filter.allOf.map(compileFilter);
    return (attributes) => parts.every((matches) => matches(attributes));
  }
  if ('anyOf' in filter) {
    const parts = filter.anyOf.map(compileFilter);
    return (attributes) => parts.some((matches) => matches(attributes));
  }
  if ('not' in filter) {
    const matches = compileFilter(filter.not);
    return (attributes) => !matches(attributes);
  }
  if ('equals' in filter) {
    const { attribute, value } = filter.equals;
    return anyElement(attribute, (element) => element === value);
  }
  if ('in' in filter) {
    const values = new Set(filter.in.values); // tells types apart as `===` does
    return anyElement(filter.in.attribute, (element) => values.has(element));
  }
  const { attribute, min = -Infinity, max = Infinity } = filter.range;
  return anyElement(attribute, (element) => typeof element === 'number' && element >= min && element <= max);
}

function anyElement(attribute: string, holds: (element: Scalar) => boolean): (attributes: Attributes) => boolean {
  return (attributes) => {
    if (!Object.hasOwn(attributes, attribute)) return false;
    const value = attributes[attribute];
    return isList(value) ? value.some(holds) : holds(value);
  };
}

function isList(value: Attributes[string]): value is readonly Scalar[] {
  return Array.isArray(value);
}
