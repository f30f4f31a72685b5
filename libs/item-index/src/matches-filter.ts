import type { Filter } from '@gatehouse/domain';

import { compileFilter } from './compile-filter';
import type { Attributes } from './item-index';

/**
 * Whether a point's attributes pass a filter. For many points, {@link compileFilter} looks at the filter once.
 *
 * Conditions: `equals` and `in` compare value and type (`1` is not `'1'`), and `in` without values matches nothing. `range` holds
 * for numbers with `min <= value <= max`, bounds included. A list attribute matches when any one element does; a missing
 * attribute and an empty list match no condition. `allOf` of nothing passes, `anyOf` of nothing does not. `not` is plain negation:
 * so **`not` of a condition on a missing attribute passes**, and on a list it asks that no element matches.
 *
 * @example matchesFilter({ not: { equals: { attribute: 'brand', value: 'acme' } } }, {}); // true
 */
export function matchesFilter(filter: Filter, attributes: Attributes): boolean {
  return compileFilter(filter)(attributes);
}
