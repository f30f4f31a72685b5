import { applyPatch, createRandom } from '@gatehouse/domain';

import { createSlabs } from './slabs';

/** Slabs of four rows of two 32-bit numbers. */
const small = () => createSlabs('F32', 2, 32);

describe('slabs', () => {
  it('have as many rows of a power of two as fit, and find each row in its slab', () => {
    const slabs = small();
    expect(slabs.mask + 1).toBe(4);
    slabs.ensure(11);
    for (let row = 0; row < 11; row++) slabs.slabOf(row)[slabs.offsetOf(row) + 1] = row;
    expect(slabs.slabs.map((slab) => [...slab].filter((_, i) => i % 2 === 1))).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [8, 9, 10, 0],
    ]);
    slabs.clear(5);
    expect([...slabs.slabs[1]]).toEqual([0, 4, 0, 0, 0, 6, 0, 7]);
  });

  it('copy no slab but the first, and that one only while it is small', () => {
    const slabs = createSlabs('F32', 2, 2048); // 256 rows a slab
    slabs.ensure(1);
    const sizes = [1, 65, 200, 256, 257].map((rows) => {
      slabs.ensure(rows);
      return slabs.slabs.map((slab) => slab.length / 2);
    });
    expect(sizes).toEqual([[64], [128], [256], [256], [256, 256]]);
    const [first] = slabs.slabs;
    slabs.ensure(5000);
    expect(slabs.slabs[0]).toBe(first);
  });

  it.each([0, 1, 3, 4, 5, 8, 9, 11])('go on from a snapshot of %i rows, whose arrays they use', (rows) => {
    const original = small();
    original.ensure(rows);
    for (let row = 0; row < rows; row++)
      original.slabOf(row).fill(row + 1, original.offsetOf(row), original.offsetOf(row) + 2);
    const snapshot = structuredClone({ tensors: original.tensors('values', rows), metadata: null });
    const restored = small();
    restored.ensure(20);
    expect(restored.restore('table', snapshot, 'values')).toBe(rows);
    expect(restored.tensors('values', rows)).toEqual(original.tensors('values', rows));
    expect(restored.slabs[0].buffer).toBe(snapshot.tensors['values'].data.buffer);
    restored.ensure(rows + 3);
    restored.slabOf(rows + 2)[restored.offsetOf(rows + 2)] = 7;
    for (let row = 0; row < rows; row++) expect(restored.slabOf(row)[restored.offsetOf(row)]).toBe(row + 1);
  });

  it('refuse arrays that are no slabs of theirs', () => {
    const f32 = (length: number) => ({ dtype: 'F32' as const, shape: [length], data: new Float32Array(length) });
    const restore = (tensors: object) => () =>
      small().restore(
        'table',
        { tensors: tensors as Record<string, ReturnType<typeof f32>>, metadata: null },
        'values',
      );
    expect(restore({})).toThrow('table: tensor values: expected F32[], found none');
    expect(restore({ values: f32(3) })).toThrow(
      'table: tensor values: expected whole rows of 2, at most 4, found 3 values',
    );
    expect(restore({ values: f32(6), 'values.1': f32(2) })).toThrow(
      'tensor values: expected 4 rows of 2, found 6 values',
    );
  });

  it.each([1, 2, 3])('tell what changed since they were saved, slab by slab (seed %i)', (seed) => {
    const random = createRandom('rows', seed);
    const slabs = small();
    let [rows, base] = [0, structuredClone(slabs.tensors('values', 0))];
    for (let round = 0; round < 30; round++) {
      rows += random.below(4);
      slabs.ensure(rows);
      for (let n = random.below(5); n > 0 && rows > 0; n--) {
        const row = random.below(rows);
        slabs.slabOf(row)[slabs.offsetOf(row)] = random.next();
        slabs.mark(row);
      }
      if (rows > 0) slabs.clear(random.below(rows));
      const changes = structuredClone({ ...slabs.changes('values', rows), metadata: null });
      const next = applyPatch({ tensors: base, metadata: null }, changes).tensors;
      expect(next).toEqual(slabs.tensors('values', rows));
      if (random.next() < 0.3) continue;
      slabs.saved(rows);
      base = structuredClone(slabs.tensors('values', rows));
    }
    expect(slabs.slabs.length).toBeGreaterThan(8);
  });

  it('name no slab whose rows stayed', () => {
    const slabs = createSlabs('F32', 2, 64 * 8); // 64 rows a slab
    slabs.ensure(200);
    slabs.saved(200);
    slabs.mark(130);
    const { tensors, rows } = slabs.changes('values', 200);
    expect([Object.keys(tensors), Object.keys(rows)]).toEqual([[], ['values.2']]);
    expect([...rows['values.2'].index]).toEqual([2]);
  });
});
