import { type Filter, maxFilterDepth } from '@gatehouse/domain';

import { InvalidFilterError } from './errors';
import type { IndexSpec } from './item-index';

type Range = Extract<Filter, { readonly range: unknown }>['range'];

/**
 * Checks that a filter can be evaluated: declared attributes only, at most 8 levels (a bare condition is one level), and ranges
 * with at least one bound, none of them NaN.
 *
 * @throws InvalidFilterError with the place in the filter.
 * @example validateFilter({ equals: { attribute: 'brand', value: 'acme' } }, { brand: 'string', price: 'number' });
 */
export function validateFilter(filter: Filter, attributes: IndexSpec['attributes']): void {
  validateAt(filter, attributes, 'filter', 1);
}

function validateAt(filter: Filter, attributes: IndexSpec['attributes'], path: string, depth: number): void {
  if (depth > maxFilterDepth) {
    throw new InvalidFilterError(path, `expected at most ${maxFilterDepth} levels, found more`);
  }
  if ('allOf' in filter) validateParts(filter.allOf, attributes, `${path}.allOf`, depth);
  else if ('anyOf' in filter) validateParts(filter.anyOf, attributes, `${path}.anyOf`, depth);
  else if ('not' in filter) validateAt(filter.not, attributes, `${path}.not`, depth + 1);
  else if ('equals' in filter) validateAttribute(filter.equals.attribute, attributes, `${path}.equals`);
  else if ('in' in filter) validateAttribute(filter.in.attribute, attributes, `${path}.in`);
  else validateRange(filter.range, attributes, `${path}.range`);
}

function validateParts(
  parts: readonly Filter[],
  attributes: IndexSpec['attributes'],
  path: string,
  depth: number,
): void {
  for (const [i, part] of parts.entries()) validateAt(part, attributes, `${path}[${i}]`, depth + 1);
}

function validateRange(range: Range, attributes: IndexSpec['attributes'], path: string): void {
  const { attribute, min, max } = range;
  validateAttribute(attribute, attributes, path);
  if (min === undefined && max === undefined) throw new InvalidFilterError(path, 'expected min or max, found neither');
  if (Number.isNaN(min) || Number.isNaN(max)) throw new InvalidFilterError(path, 'expected numbers, found NaN');
}

function validateAttribute(attribute: string, attributes: IndexSpec['attributes'], path: string): void {
  if (Object.hasOwn(attributes, attribute)) return;
  const names = Object.keys(attributes);
  const declared = names.length === 0 ? 'no attribute, since none is declared' : `one of ${names.join(', ')}`;
  throw new InvalidFilterError(path, `attribute: expected ${declared}, found ${JSON.stringify(attribute)}`);
}
