import { createRandom, type Random, type TensorTypes } from '@gatehouse/domain';
import type { TableSpec } from '@gatehouse/schema';

import { rowOf } from '../table-rows.fixture';
import { testTable } from '../test-schema.fixture';
import { createEmbeddingTable, type EmbeddingTable } from './embedding-table';
import { snapshotDigest } from './snapshot-digest.fixture';

function create(changes: Partial<TableSpec>, random = createRandom('rows', 1)): EmbeddingTable {
  return createEmbeddingTable('items', testTable(changes), 1, random);
}

describe('admission by count', () => {
  it('gives an id a row at its n-th occurrence, and counts draws for none', () => {
    const table = create({ admitAfter: 3 });
    expect([1, 2].map(() => table.addRow('a', 0))).toEqual([-1, -1]);
    expect([1, 2, 3].map(() => table.addRow('a', 0, false))).toEqual([-1, -1, -1]);
    expect(table.rowOf('a')).toBe(-1);
    expect(table.addRow('a', 0)).toBe(1);
    expect(table.rowOf('a')).toBe(1);
    expect(table.stats).toMatchObject({ ids: 1, admissions: 1 });
  });
});

describe('eviction at capacity', () => {
  it('gives the row of the longest unused id to a new one, and never one that is in use', () => {
    const table = create({ capacity: 3 });
    const add = (id: string) => table.addRow(id, 0);
    table.beginStep(0);
    expect(['a', 'b', 'c'].map(add)).toEqual([1, 2, 3]);
    expect(add('d')).toBe(-1); // all are in use in this step
    table.beginStep(0);
    add('a');
    table.beginStep(0);
    table.touch(2); // b, in a history
    table.beginStep(0);
    expect(add('d')).toBe(3); // c
    expect(['a', 'b', 'c', 'd'].map((id) => table.rowOf(id))).toEqual([1, 2, -1, 3]);
    expect(table.rows).toBe(4);
    expect(table.stats).toEqual({ ids: 3, admissions: 4, evictions: 1, expirations: 0, refusals: 1 });
  });

  it('begins the row of a new id anew, with empty slots of the optimiser', () => {
    const table = create({ capacity: 1, initialScale: 0.25 });
    const slots = table.column('F32', 2);
    table.beginStep(0);
    table.addRow('a', 0);
    table.values.slabOf(1).fill(9, table.values.offsetOf(1), table.values.offsetOf(1) + 3);
    slots.slabOf(1).fill(7, slots.offsetOf(1), slots.offsetOf(1) + 2);
    slots.slabOf(0).fill(5, 0, 2);
    table.beginStep(0);
    expect(table.addRow('b', 0)).toBe(1);
    const fallback = rowOf(table, 0);
    rowOf(table, 1).forEach((value, d) => expect(Math.abs(value - fallback[d])).toBeLessThanOrEqual(0.25));
    expect([...slots.slabOf(0).subarray(0, 4)]).toEqual([5, 5, 0, 0]);
  });
});

describe('expiry by event time', () => {
  it('gives up what was unused for long, by the largest event time', () => {
    const table = create({ expireAfterMs: 10_000 });
    table.beginStep(1_000);
    table.addRow('a', 0);
    table.addRow('b', 0);
    table.beginStep(10_999);
    expect(table.rowOf('a')).toBe(1);
    table.touch(2);
    table.beginStep(5_000); // an event that is late moves nothing
    expect(table.rowOf('a')).toBe(1);
    table.beginStep(11_000);
    expect(['a', 'b'].map((id) => table.rowOf(id))).toEqual([-1, 2]);
    expect(table.addRow('c', 0)).toBe(1); // the free row
    expect(table.stats).toMatchObject({ ids: 2, expirations: 1, admissions: 3 });
  });

  it('goes through a large table in bounded steps', () => {
    const table = create({ expireAfterMs: 1_000 });
    table.beginStep(0);
    for (let n = 0; n < 3000; n++) table.addRow(`i${n}`, 0);
    const left = [1, 2, 3].map(() => {
      table.beginStep(60_000);
      return table.stats.ids;
    });
    expect(left).toEqual([3000 - 1024, 3000 - 2048, 0]);
  });
});

describe('a table with all limits', () => {
  const limits = { admitAfter: 2, capacity: 40, expireAfterMs: 8_000 };

  /** Ids come, are used and go; the same for equal random states. */
  function work(table: EmbeddingTable, random: Random, from: number, to: number): void {
    for (let step = from; step < to; step++) {
      table.beginStep(step * 500);
      for (let n = 0; n < 8; n++) {
        const id = `i${Math.floor(200 * random.next() ** 2)}`;
        const row = table.addRow(id, 0, random.next() < 0.7);
        if (row > 0) table.values.slabOf(row)[table.values.offsetOf(row)] += 1;
      }
    }
  }

  const start = (seed: number, some: Partial<TableSpec> = limits) => {
    const [rows, ids] = [createRandom('rows', seed), createRandom('ids', seed)];
    return { rows, ids, table: create(some, rows) };
  };

  it.each([1, 2, 3, 4, 5])('goes on from a snapshot as if it had never stopped, bit for bit (seed %i)', (seed) => {
    const through = start(seed);
    work(through.table, through.ids, 0, 150);
    const saved = [through.table, through.rows, through.ids].map((part) => structuredClone(part.snapshot()));
    work(through.table, through.ids, 150, 300);
    const { admissions, evictions, expirations } = through.table.stats;
    expect(Math.min(admissions, evictions, expirations)).toBeGreaterThan(0);

    const after = start(seed);
    work(after.table, after.ids, 0, 20); // restoring replaces it
    [after.table, after.rows, after.ids].forEach((part, i) => part.restore(saved[i]));
    work(after.table, after.ids, 150, 300);
    expect(snapshotDigest(after.table.snapshot())).toEqual(snapshotDigest(through.table.snapshot()));
    expect(after.table.stats).toEqual(through.table.stats);
    expect(after.table.stats.ids).toBeLessThanOrEqual(40);
  });

  it.each<[string, Partial<TableSpec>, (data: TensorTypes[keyof TensorTypes]) => void]>([
    ['admission', limits, (data) => data.fill(0)],
    ['usedAtStep', { capacity: 40 }, (data) => data.reverse()],
    ['usedAtSecond', limits, (data) => data.fill(0)],
    ['use', limits, (data) => (data[1] += 100)], // the clock
    ['use', { capacity: 40 }, (data) => (data[2] += 7)], // where eviction looks next
    ['use', limits, (data) => (data[3] += 7)], // and expiry
    ['freed', limits, (data) => data.reverse()],
  ])('decides by all that it saves: %s of %o', (tensor, some, perturb) => {
    const continued = (change: typeof perturb): readonly number[] => {
      const { table, ids, rows } = start(1, some);
      work(table, ids, 0, 150);
      for (let step = 150; step < 160; step++) table.beginStep(step * 500); // rows expire, and stay free
      const saved = structuredClone(table.snapshot());
      change(saved.tensors[tensor].data);
      table.restore(saved);
      work(table, ids, 160, 220);
      return [...Array.from({ length: 200 }, (_, n) => table.rowOf(`i${n}`)), rows.next()];
    };
    expect(continued(() => undefined)).toEqual(continued(() => undefined));
    expect(continued(perturb)).not.toEqual(continued(() => undefined));
  });
});
