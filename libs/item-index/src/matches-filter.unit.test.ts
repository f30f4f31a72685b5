import type { Filter } from '@gatehouse/domain';
import fc from 'fast-check';

import type { Attributes } from './item-index';
import { matchesFilter } from './matches-filter';
import { naiveMatches } from './naive-index.fixture';

const names = ['a', 'b', 'missing'];
const scalar = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constantFrom('0', '1', 'x'), fc.boolean());
const value = fc.oneof(scalar, fc.array(scalar, { maxLength: 3 }));
const attributes: fc.Arbitrary<Attributes> = fc.record({ a: value, b: value }, { requiredKeys: [] });
const attribute = fc.constantFrom(...names);
const bounds = fc.record(
  { min: fc.integer({ min: -1, max: 4 }), max: fc.integer({ min: -1, max: 4 }) },
  { requiredKeys: [] },
);
const condition: fc.Arbitrary<Filter> = fc.oneof(
  fc.record({ equals: fc.record({ attribute, value: scalar }) }),
  fc.record({ in: fc.record({ attribute, values: fc.array(scalar, { maxLength: 3 }) }) }),
  fc.tuple(attribute, bounds).map(([name, range]) => ({ range: { attribute: name, ...range } })),
);
const { filter } = fc.letrec<{ filter: Filter }>((tie) => ({
  filter: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    condition,
    fc.record({ allOf: fc.array(tie('filter'), { maxLength: 3 }) }),
    fc.record({ anyOf: fc.array(tie('filter'), { maxLength: 3 }) }),
    fc.record({ not: tie('filter') }),
  ),
}));

const movie: Attributes = { genre: 'film', year: 1999, tags: ['new', 'kids'], ratings: [2, 9], none: [], free: true };

describe('matchesFilter', () => {
  it.each<[string, Filter, boolean]>([
    ['equal text', { equals: { attribute: 'genre', value: 'film' } }, true],
    ['other text', { equals: { attribute: 'genre', value: 'Film' } }, false],
    ['number as text', { equals: { attribute: 'year', value: '1999' } }, false],
    ['boolean as text', { equals: { attribute: 'free', value: 'true' } }, false],
    ['boolean as number', { equals: { attribute: 'free', value: 1 } }, false],
    ['one element of a list', { equals: { attribute: 'tags', value: 'kids' } }, true],
    ['no element of a list', { equals: { attribute: 'tags', value: 'old' } }, false],
    ['empty list', { equals: { attribute: 'none', value: '' } }, false],
    ['missing attribute', { equals: { attribute: 'brand', value: 'acme' } }, false],
    ['name of an inherited property', { in: { attribute: 'constructor', values: ['Object'] } }, false],
    ['one of several', { in: { attribute: 'genre', values: ['song', 'film'] } }, true],
    ['one of none', { in: { attribute: 'genre', values: [] } }, false],
    ['lower bound included', { range: { attribute: 'year', min: 1999 } }, true],
    ['upper bound included', { range: { attribute: 'year', max: 1999 } }, true],
    ['below', { range: { attribute: 'year', min: 1999.5 } }, false],
    ['text in a range', { range: { attribute: 'genre', min: -Infinity } }, false],
    ['boolean in a range', { range: { attribute: 'free', min: 0, max: 1 } }, false],
    ['one element within both bounds', { range: { attribute: 'ratings', min: 8, max: 9 } }, true],
    ['each bound met by another element', { range: { attribute: 'ratings', min: 3, max: 8 } }, false],
    ['not of a missing attribute', { not: { equals: { attribute: 'brand', value: 'acme' } } }, true],
    ['not of a list with a match', { not: { equals: { attribute: 'tags', value: 'new' } } }, false],
    ['all of nothing', { allOf: [] }, true],
    ['any of nothing', { anyOf: [] }, false],
  ])('%s', (_, given, expected) => {
    expect(matchesFilter(given, movie)).toBe(expected);
  });

  it('agrees with the definition', () => {
    fc.assert(
      fc.property(filter, attributes, (given, of) => {
        expect(matchesFilter(given, of)).toBe(naiveMatches(given, of));
      }),
      { seed: 1, numRuns: 1000 },
    );
  });

  it('keeps the laws of De Morgan, of double negation and of absorption', () => {
    fc.assert(
      fc.property(filter, filter, attributes, (x, y, of) => {
        const matches = (given: Filter): boolean => matchesFilter(given, of);
        expect(matches({ not: { allOf: [x, y] } })).toBe(matches({ anyOf: [{ not: x }, { not: y }] }));
        expect(matches({ not: { anyOf: [x, y] } })).toBe(matches({ allOf: [{ not: x }, { not: y }] }));
        expect(matches({ not: { not: x } })).toBe(matches(x));
        expect(matches({ allOf: [x, { anyOf: [x, y] }] })).toBe(matches(x));
      }),
      { seed: 2, numRuns: 500 },
    );
  });

  it('takes `in` as any of the equalities', () => {
    fc.assert(
      fc.property(attribute, fc.array(scalar, { maxLength: 4 }), attributes, (name, values, of) => {
        const equalities = values.map((one): Filter => ({ equals: { attribute: name, value: one } }));
        expect(matchesFilter({ in: { attribute: name, values } }, of)).toBe(matchesFilter({ anyOf: equalities }, of));
      }),
      { seed: 3, numRuns: 300 },
    );
  });
});
