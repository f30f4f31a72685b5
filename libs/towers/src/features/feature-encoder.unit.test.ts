import { type CandidateInput, createRandom, type Features, type QueryInput } from '@gatehouse/domain';
import type { FeatureSpec, TableSpec } from '@gatehouse/schema';

import { createEmbeddingTable, type EmbeddingTable } from '../tables/embedding-table';
import { testItem, testQuery } from '../test-schema.fixture';
import type { Bag } from './bag';
import {
  bucketOf,
  createCandidateFeature,
  createQueryFeature,
  type EncodeMode,
  type FeatureEncoder,
  readOnly,
} from './feature-encoder';
import { testTable } from '../test-schema.fixture';

const grow: EncodeMode = { grow: true };
const keyed = testTable({ dimension: 2, initialScale: 0.1 });
const fallbackRow = 1; // of two: the other one belongs to another feature

function createTable(spec: TableSpec = keyed): EmbeddingTable {
  return createEmbeddingTable('test', spec, 2, createRandom('rows', 1));
}

/** Rows of each input. */
function rowsOf({ rows, offsets }: Bag): number[][] {
  return Array.from({ length: offsets.length - 1 }, (_, i) => [...rows.subarray(offsets[i], offsets[i + 1])]);
}

function sharesOf({ shares, offsets }: Bag): number[][] {
  return Array.from({ length: offsets.length - 1 }, (_, i) => [...shares.subarray(offsets[i], offsets[i + 1])]);
}

function withFeatures(features: Features): CandidateInput {
  return { itemId: 'a', features };
}

describe('id feature', () => {
  const spec: FeatureSpec = { kind: 'id', name: 'item', table: 'test', dropout: 0 };

  it('gives new ids rows in training, and only there', () => {
    const feature = createCandidateFeature(spec, createTable(), fallbackRow);
    const inputs = ['a', 'b', 'a'].map(testItem);
    expect(rowsOf(feature.encode(inputs, readOnly))).toEqual([[1], [1], [1]]);
    expect(feature.table.rows).toBe(2);
    expect(rowsOf(feature.encode(inputs, grow))).toEqual([[2], [3], [2]]);
    expect(rowsOf(feature.encode([...inputs, testItem('c')], readOnly))).toEqual([[2], [3], [2], [1]]);
    expect(feature.table.rows).toBe(4);
  });

  it('gives an anonymous query the fallback row', () => {
    const feature = createQueryFeature(spec, createTable(), fallbackRow);
    const anonymous: QueryInput = { features: {}, history: [], context: {}, requestTimeMs: 0 };
    expect(rowsOf(feature.encode([anonymous, testQuery('ann')], grow))).toEqual([[1], [2]]);
  });

  it.each([1, 2, 3])('drops its share of ids in training, seed %i', (seed) => {
    const feature = createCandidateFeature({ ...spec, dropout: 0.3 }, createTable(), fallbackRow);
    const inputs = Array.from({ length: 2000 }, () => testItem('a'));
    const count = (mode: EncodeMode): number => feature.encode(inputs, mode).rows.filter((row) => row === 1).length;
    expect(count(grow)).toBe(0);
    // Binomial(2000, .3): 600, standard deviation sqrt(2000 * .3 * .7) = 20.5; four of them.
    expect(Math.abs(count({ grow: true, dropout: createRandom('dropout', seed) }) - 600)).toBeLessThan(82);
  });

  it('draws nothing without dropout, and adds the row of a dropped id all the same', () => {
    const dropout = createRandom('dropout', 1);
    const before = dropout.snapshot();
    createCandidateFeature(spec, createTable(), fallbackRow).encode([testItem('a')], { grow: true, dropout });
    expect(dropout.snapshot()).toEqual(before);
    const table = createTable();
    const always = createCandidateFeature({ ...spec, dropout: 1 }, table, fallbackRow);
    expect(rowsOf(always.encode([testItem('a')], { grow: true, dropout }))).toEqual([[1]]);
    expect(table.rowOf('a')).toBe(2);
  });
});

describe('a table with limits', () => {
  const id: FeatureSpec = { kind: 'id', name: 'item', table: 'test', dropout: 0 };
  const history: FeatureSpec = { kind: 'history', name: 'history', table: 'test', length: 2, decay: 1 };

  it('counts what occurs, and neither draws nor repeats, towards admission', () => {
    const table = createTable({ ...keyed, admitAfter: 3 });
    const feature = createCandidateFeature(id, table, fallbackRow);
    const items = ['a', 'b', 'a'].map(testItem);
    expect(rowsOf(feature.encode(items, { grow: true, occurrences: 1 }))).toEqual([[1], [1], [1]]); // a: 1
    expect(rowsOf(feature.encode(items, { grow: true, occurrences: 0 }))).toEqual([[1], [1], [1]]);
    expect(rowsOf(feature.encode(items, readOnly))).toEqual([[1], [1], [1]]);
    expect(rowsOf(feature.encode(items, grow))).toEqual([[1], [1], [2]]); // a: 2, b: 1, a: 3
    expect(table.rowOf('b')).toBe(-1);
  });

  it.each([
    ['keeps what histories use', 'in training', grow, { a: 2, b: -1, c: 3 }],
    ['gives up what is only read', 'elsewhere', readOnly, { a: -1, b: 3, c: 2 }],
  ])('%s %s', (_what, _where, mode, expected) => {
    const table = createTable({ ...keyed, capacity: 2 });
    const item = createCandidateFeature(id, table, fallbackRow);
    const histories = createQueryFeature(history, table, fallbackRow);
    const add = (itemId: string): void => {
      table.beginStep(0);
      item.encode([testItem(itemId)], grow);
    };
    ['a', 'b'].forEach(add);
    table.beginStep(0);
    histories.encode([testQuery('ann', ['a'])], mode);
    add('c'); // the longest unused goes: b, unless the history made no use of a
    expect({ a: table.rowOf('a'), b: table.rowOf('b'), c: table.rowOf('c') }).toEqual(expected);
  });
});

describe('category features', () => {
  const category = (table: EmbeddingTable): FeatureEncoder<CandidateInput> =>
    createCandidateFeature({ kind: 'category', name: 'genre', table: 'test', source: 'features.genre' }, table, 1);

  it('share the row of a string and a number that read the same', () => {
    const rows = category(createTable()).encode([{ genre: '7' }, { genre: 7 }, { genre: 'x' }].map(withFeatures), grow);
    expect(rowsOf(rows)).toEqual([[2], [2], [3]]);
  });

  it.each([
    ['missing', {}],
    ['unknown', { genre: 'unheard of' }],
    ['an empty text', { genre: '' }],
    ['an empty list', { genre: [] }],
    ['longer than an id can be', { genre: 'x'.repeat(1000) }],
  ])('fall to their own fallback row when the value is %s', (_what, features: Features) => {
    const feature = category(createTable());
    expect(rowsOf(feature.encode([withFeatures(features)], readOnly))).toEqual([[1]]);
  });

  it.each([[''], ['x'.repeat(129)]])('give %j no row in training either', (genre) => {
    const feature = category(createTable());
    expect(rowsOf(feature.encode([withFeatures({ genre })], grow))).toEqual([[1]]);
    expect(feature.table.rows).toBe(2);
  });

  it('take the mean of several categories, leaving out unknown ones', () => {
    const feature = createCandidateFeature(
      { kind: 'categories', name: 'genres', table: 'test', source: 'features.genres' },
      createTable(),
      fallbackRow,
    );
    const both = withFeatures({ genres: ['drama', 'crime'] });
    expect(rowsOf(feature.encode([both], grow))).toEqual([[2, 3]]);
    const partly = withFeatures({ genres: ['crime', 'western', 'drama', 'crime', 'noir'] });
    const bag = feature.encode([both, partly], readOnly);
    expect(rowsOf(bag)).toEqual([
      [2, 3],
      [3, 2, 3],
    ]);
    expect(sharesOf(bag)[0]).toEqual([0.5, 0.5]);
    sharesOf(bag)[1].forEach((share) => expect(share).toBeCloseTo(1 / 3, 6));
  });

  it('read the context of a query where the source says so', () => {
    const query: QueryInput = { ...testQuery('ann'), features: { device: 'tv' }, context: { device: true } };
    const [ofContext, ofFeatures] = ['context.device', 'features.device'].map((source) => {
      const table = createTable();
      createQueryFeature({ kind: 'category', name: 'device', table: 'test', source }, table, 1).encode([query], grow);
      return table;
    });
    expect([ofContext.rowOf('true'), ofContext.rowOf('tv')]).toEqual([2, -1]);
    expect([ofFeatures.rowOf('true'), ofFeatures.rowOf('tv')]).toEqual([-1, 2]);
  });
});

describe('number feature', () => {
  const boundaries = [0, 5, 10];

  it('has a row on each side of every boundary, and the fallback row for all that is no number', () => {
    const table = createTable({ ...keyed, kind: 'fixed', rows: boundaries.length + 1 });
    const spec: FeatureSpec = { kind: 'number', name: 'age', table: 'test', source: 'features.age', boundaries };
    const feature = createCandidateFeature(spec, table, fallbackRow);
    const ages = [-Infinity, -1, 0, 4.9, 5, 10, Infinity, NaN, '7'];
    const inputs = [...ages.map((age) => withFeatures({ age })), withFeatures({})];
    expect(rowsOf(feature.encode(inputs, grow)).flat()).toEqual([2, 2, 3, 3, 4, 5, 5, 1, 1, 1]);
  });

  it.each([
    [-1, 0],
    [0, 1],
    [4, 1],
    [5, 2],
    [7, 2],
    [10, 3],
    [99, 3],
  ])('puts %d into bucket %i', (value, bucket) => {
    expect(bucketOf(value, boundaries)).toBe(bucket);
  });

  it('has one bucket without boundaries', () => {
    expect(bucketOf(3, [])).toBe(0);
  });
});

describe('history feature', () => {
  const historyOf = (table: EmbeddingTable, length: number, decay: number): FeatureEncoder<QueryInput> =>
    createQueryFeature({ kind: 'history', name: 'history', table: 'test', length, decay }, table, fallbackRow);

  it('reads the rows of the items themselves, the newest first, and adds none', () => {
    const table = createTable();
    const item = createCandidateFeature({ kind: 'id', name: 'item', table: 'test', dropout: 0 }, table, 0);
    item.encode(['a', 'b', 'c'].map(testItem), grow); // rows 2, 3, 4
    const queries = [['a', 'b', 'c'], ['c', 'a', 'c'], ['x', 'b'], ['x'], []].map((ids) => testQuery('ann', ids));
    expect(rowsOf(historyOf(table, 2, 1).encode(queries, grow))).toEqual([[4, 3], [4, 2], [3], [1], [1]]);
    expect(table.rows).toBe(5);
  });

  it('weighs each item by its age among the known ones', () => {
    const table = createTable();
    ['a', 'b'].forEach((id) => table.addRow(id, 0));
    // c is unknown, so b counts 1 and a counts .5: shares 2/3 and 1/3.
    const [shares] = sharesOf(historyOf(table, 3, 0.5).encode([testQuery('ann', ['a', 'b', 'c'])], readOnly));
    [2 / 3, 1 / 3].forEach((share, i) => expect(shares[i]).toBeCloseTo(share, 6));
  });
});
