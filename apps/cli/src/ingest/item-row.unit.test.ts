import type { Item } from '@gatehouse/domain';
import { compileSchema } from '@gatehouse/schema';

import { itemColumnKinds, itemOfRow } from './item-row';

const schema = compileSchema(
  `
actions: { click: { weight: 1 } }
attributes: { year: number, country: string }
userState: { seenLimit: 10 }
tables: { ids: { dimension: 4 }, genres: { dimension: 4 }, price: { dimension: 4 } }
query: { features: [{ name: user, kind: id, table: ids }] }
candidate:
  features:
    - { name: genres, kind: categories, table: genres }
    - { name: cost, kind: number, table: price, source: features.price, boundaries: [1] }
outputDimension: 4
`,
  'schema.yaml',
);

describe('itemColumnKinds', () => {
  it('takes them from attributes and candidate features, by the name of the column', () => {
    expect([...itemColumnKinds(schema)]).toEqual([
      ['year', 'number'],
      ['genres', 'list'],
      ['price', 'number'],
    ]);
  });
});

describe('itemOfRow', () => {
  it.each([
    ['false', false],
    [false, false],
    ['true', true],
    [true, true],
    ['', true],
  ])('reads availability %j', (available, expected) => {
    expect(itemOfRow({ item: '50', available }, new Map())).toEqual({
      item: { itemId: '50', features: {}, available: expected },
    });
  });

  it('refuses another availability', () => {
    expect(itemOfRow({ item: '50', available: 'no' }, new Map())).toEqual({
      reason: 'available: expected true or false, found "no"',
    });
  });

  const kinds = itemColumnKinds(schema);

  it('reads each column as its kind, and any other as text', () => {
    const row = { item: '50', title: 'Heat', genres: 'Crime|Drama', year: '1995', price: ' 3.5 ', constructor: 'x' };
    expect(itemOfRow(row, kinds)).toEqual({
      item: {
        itemId: '50',
        features: { title: 'Heat', genres: ['Crime', 'Drama'], year: 1995, price: 3.5, constructor: 'x' },
        available: true,
      },
    });
  });

  it('reads the types of JSON', () => {
    const row = { item: 50, title: 7, genres: ['Crime'], tags: ['a', 'b'], year: 1995 };
    expect(itemOfRow(row, kinds)).toEqual({
      item: {
        itemId: '50',
        features: { title: '7', genres: ['Crime'], tags: ['a', 'b'], year: 1995 },
        available: true,
      },
    });
  });

  it('leaves out what is empty', () => {
    const row = { item: '50', title: '', genres: null, year: undefined };
    expect(itemOfRow(row, kinds)).toEqual({ item: { itemId: '50', features: {}, available: true } });
  });

  it('keeps a column named __proto__ as a feature of that name', () => {
    const row = Object.fromEntries<unknown>([
      ['item', '50'],
      ['__proto__', ['x']],
    ]);
    const result = itemOfRow(row, kinds) as { readonly item: Item };
    expect(Object.entries(result.item.features)).toEqual([['__proto__', ['x']]]);
    expect(Object.getPrototypeOf(result.item.features)).toBe(Object.prototype);
  });

  it.each<[Record<string, unknown>, string]>([
    [{ item: '' }, 'item: expected 1 to 128 bytes, found 0'],
    [{}, 'item: expected a string, found undefined'],
    [{ item: 1.5 }, 'item: expected a string, found undefined'],
    [{ item: '1', year: 'NaN' }, 'year: expected a number, found "NaN"'],
    [{ item: '1', year: 'Infinity' }, 'year: expected a number, found "Infinity"'],
    [{ item: '1', year: 'last' }, 'year: expected a number, found "last"'],
    [{ item: '1', year: '  ' }, 'year: expected a number, found "  "'],
    [{ item: '1', year: true }, 'year: expected a number, found true'],
    [{ item: '1', year: ['1995'] }, 'year: expected a number, found ["1995"]'],
    [{ item: '1', genres: 7 }, 'genres: expected a list, found 7'],
    [{ item: '1', genres: ['a', 1] }, 'genres: expected a list, found ["a",1]'],
    [{ item: '1', title: { en: 'Heat' } }, 'title: expected a text, found {"en":"Heat"}'],
  ])('refuses %j', (row, reason) => {
    expect(itemOfRow(row, kinds)).toEqual({ reason });
  });
});
