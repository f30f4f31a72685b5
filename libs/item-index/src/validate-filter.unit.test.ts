import { type Filter, maxFilterDepth } from '@gatehouse/domain';

import { InvalidFilterError } from './errors';
import { validateFilter } from './validate-filter';

const declared = { brand: 'string', price: 'string' } as const;
const leaf: Filter = { equals: { attribute: 'brand', value: 'acme' } };

/** A filter of so many levels. */
function nested(levels: number): Filter {
  return levels === 1 ? leaf : { not: nested(levels - 1) };
}

describe('validateFilter', () => {
  it.each<[string, Filter]>([
    [
      'every operator',
      {
        allOf: [
          leaf,
          { anyOf: [{ not: leaf }, { in: { attribute: 'brand', values: [] } }] },
          { range: { attribute: 'price', max: 3 } },
        ],
      },
    ],
    ['the deepest filter', nested(maxFilterDepth)],
    ['nothing in allOf and anyOf', { allOf: [{ anyOf: [] }] }],
  ])('accepts %s', (_, filter) => {
    expect(() => validateFilter(filter, declared)).not.toThrow();
  });

  it.each<[string, Filter, string, string]>([
    [
      'an undeclared attribute',
      { equals: { attribute: 'colour', value: 1 } },
      'filter.equals',
      'filter.equals: attribute: expected one of brand, price, found "colour"',
    ],
    [
      'an undeclared attribute further in',
      { allOf: [leaf, { not: { in: { attribute: '', values: [] } } }] },
      'filter.allOf[1].not.in',
      'found ""',
    ],
    [
      'an undeclared attribute of a range',
      { anyOf: [{ range: { attribute: 'year', min: 1 } }] },
      'filter.anyOf[0].range',
      'found "year"',
    ],
    [
      'a range without bounds',
      { range: { attribute: 'price' } },
      'filter.range',
      'filter.range: expected min or max, found neither',
    ],
    [
      'a range with NaN',
      { range: { attribute: 'price', min: 1, max: NaN } },
      'filter.range',
      'expected numbers, found NaN',
    ],
    [
      'one level too many',
      nested(maxFilterDepth + 1),
      `filter${'.not'.repeat(maxFilterDepth)}`,
      'expected at most 8 levels, found more',
    ],
  ])('refuses %s', (_, filter, path, message) => {
    const validate = (): void => validateFilter(filter, declared);
    expect(validate).toThrow(InvalidFilterError);
    expect(validate).toThrow(`${path}: `);
    expect(validate).toThrow(message);
  });

  it('says so when no attribute is declared', () => {
    expect(() => validateFilter(leaf, {})).toThrow(
      'attribute: expected no attribute, since none is declared, found "brand"',
    );
  });
});
