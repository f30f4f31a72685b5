import { createRandom, type Snapshot } from '@gatehouse/domain';
import type { TableSpec } from '@gatehouse/schema';

import { rowOf } from '../table-rows.fixture';
import { createEmbeddingTable } from './embedding-table';
import { testTable } from '../test-schema.fixture';

const keyed = testTable({ dimension: 4, initialScale: 0.25 });
const fixed: TableSpec = { ...keyed, kind: 'fixed', rows: 10 };

describe('a keyed table', () => {
  it('starts with its fallback rows, within the initial scale', () => {
    const table = createEmbeddingTable('items', keyed, 2, createRandom('rows', 1));
    expect(table.rows).toBe(2);
    const values = [...rowOf(table, 0), ...rowOf(table, 1)];
    expect(values.every((value) => value !== 0 && Math.abs(value) <= 0.25)).toBe(true);
    expect(table.rowOf('a')).toBe(-1);
  });

  it('makes a new row of the fallback row that it is like, plus noise within the initial scale', () => {
    const table = createEmbeddingTable('items', keyed, 2, createRandom('rows', 1));
    table.values.slabOf(1).set([10, 20, 30, 40], table.values.offsetOf(1));
    expect(table.addRow('a', 1)).toBe(2);
    expect(table.rowOf('a')).toBe(2);
    expect(table.rows).toBe(3);
    const noise = rowOf(table, 2).map((value, d) => value - [10, 20, 30, 40][d]);
    expect(noise.every((value) => value !== 0 && Math.abs(value) <= 0.25)).toBe(true);
  });

  it('leaves the row of a known id as it is', () => {
    const table = createEmbeddingTable('items', keyed, 1, createRandom('rows', 1));
    table.addRow('a', 0);
    const before = rowOf(table, 1);
    expect(table.addRow('a', 0)).toBe(1);
    expect(rowOf(table, 1)).toEqual(before);
  });

  it('keeps all rows through growth', () => {
    const table = createEmbeddingTable('items', keyed, 3, createRandom('rows', 1));
    const written = [0, 1, 2].map((row) => rowOf(table, row));
    for (let i = 0; i < 500; i++) {
      const row = table.addRow(`item ${i}`, i % 3);
      expect(row).toBe(i + 3);
      written.push(rowOf(table, row));
    }
    expect(table.rows).toBe(503);
    written.forEach((row, r) => expect(rowOf(table, r)).toEqual(row));
  });

  it('goes on from a snapshot, new rows included', () => {
    const tables = [1, 2].map((seed) => {
      const random = createRandom('rows', seed);
      return { random, table: createEmbeddingTable('items', keyed, 2, random) };
    });
    const [original, restored] = tables;
    for (let i = 0; i < 70; i++) original.table.addRow(`item ${i}`, 0);
    restored.table.restore(structuredClone(original.table.snapshot()));
    restored.random.restore(structuredClone(original.random.snapshot()));
    for (let i = 60; i < 150; i++) {
      expect(restored.table.addRow(`item ${i}`, 1)).toBe(original.table.addRow(`item ${i}`, 1));
    }
    expect(restored.table.snapshot()).toEqual(original.table.snapshot());
  });

  it('refuses a snapshot whose rows do not fit its ids', () => {
    const saved = createEmbeddingTable('items', keyed, 2, createRandom('rows', 1));
    saved.addRow('a', 0);
    const other = createEmbeddingTable('items', keyed, 1, createRandom('rows', 1));
    expect(() => other.restore(saved.snapshot())).toThrow(/items: expected 2 rows of 4, found 12 values/);
  });
});

describe('a fixed table', () => {
  it('has its fallback rows first, then all others, by index modulo their number', () => {
    const table = createEmbeddingTable('buckets', fixed, 2, createRandom('rows', 1));
    expect(table.rows).toBe(12);
    expect([0, 9, 10, 4_294_967_295].map((index) => table.fixedRow(index))).toEqual([2, 11, 2, 7]); // 2^32 - 1 ends in 5
    expect(rowOf(table, 11).every((value) => value !== 0 && Math.abs(value) <= 0.25)).toBe(true);
  });

  it('has no ids', () => {
    const table = createEmbeddingTable('buckets', fixed, 1, createRandom('rows', 1));
    expect(() => table.rowOf('a')).toThrow(/buckets: expected a keyed table, found a fixed one/);
    expect(() => table.addRow('a', 0)).toThrow(TypeError);
  });

  it('restores what it saved', () => {
    const saved = createEmbeddingTable('buckets', fixed, 1, createRandom('rows', 1));
    const restored = createEmbeddingTable('buckets', fixed, 1, createRandom('rows', 2));
    restored.restore(structuredClone(saved.snapshot()));
    expect(restored.snapshot()).toEqual(saved.snapshot());
  });

  it.each<[string, Snapshot, RegExp]>([
    ['values are missing', { tensors: {}, metadata: null }, /buckets: tensor values: expected F32\[\], found none/],
    [
      'rows are missing',
      { tensors: { values: { dtype: 'F32', shape: [1, 4], data: new Float32Array(4) } }, metadata: null },
      /buckets: expected 11 rows of 4, found 4 values/,
    ],
  ])('refuses a snapshot when %s', (_what, snapshot, message) => {
    const table = createEmbeddingTable('buckets', fixed, 1, createRandom('rows', 1));
    expect(() => table.restore(snapshot)).toThrow(message);
  });
});
