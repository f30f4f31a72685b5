import { applyPatch, createRandom, maxIdBytes } from '@gatehouse/domain';

import { createIdMap } from './id-map';
import { snapshotDigest } from './snapshot-digest.fixture';

const alphabets = ['a', 'bc', 'äß', '漢字', '🙂🚀', '0123456789', ' \n"'].map((text) => Array.from(text));

/** Ids of 1 to 128 bytes in several scripts, with repeats. */
function randomIds(seed: number, count: number): string[] {
  const random = createRandom('ids', seed);
  return Array.from({ length: count }, () => {
    const alphabet = alphabets[random.below(alphabets.length)];
    const characters = 1 + random.below(random.next() < 0.1 ? maxIdBytes / 4 : 4);
    return Array.from({ length: characters }, () => alphabet[random.below(alphabet.length)]).join('');
  });
}

describe('id map', () => {
  it.each([1, 2, 3, 4, 5])('agrees with a JavaScript Map, seed %i', (seed) => {
    const ids = randomIds(seed, 3000);
    const [map, oracle] = [createIdMap('ids'), new Map<string, number>()];
    const found = ids.map((id) => [map.indexOf(id), map.add(id)]);
    const expected = ids.map((id) => {
      const known = oracle.get(id) ?? -1;
      if (known < 0) oracle.set(id, oracle.size);
      return [known, oracle.get(id)];
    });
    expect(found).toEqual(expected);
    expect(map.size).toBe(oracle.size);
    expect([...oracle.keys()].map((id) => map.indexOf(id))).toEqual([...oracle.values()]);
    expect([...oracle.values()].map((index) => map.idAt(index))).toEqual([...oracle.keys()]);
  });

  it('keeps every id through all sizes of its arrays', () => {
    const map = createIdMap('ids');
    const ids = Array.from({ length: 5000 }, (_, i) => `item-${i}`);
    const indexes = [...ids.keys()];
    expect(ids.map((id) => map.add(id))).toEqual(indexes);
    expect(ids.map((id) => map.indexOf(id))).toEqual(indexes);
    expect(map.indexOf('item-5000')).toBe(-1);
  });

  it('tells ids apart that share a prefix or differ in a zero byte', () => {
    const map = createIdMap('ids');
    expect(['', 'a', 'a\0', 'aa', '\0a'].map((id) => map.add(id))).toEqual([0, 1, 2, 3, 4]);
  });

  it.each([
    ['ASCII', 'x'.repeat(128)],
    ['two-byte letters', 'ä'.repeat(64)],
    ['emoji', '🙂'.repeat(32)],
  ])('holds an id of 128 bytes and refuses one more: %s', (_script, longest) => {
    const map = createIdMap('ids');
    expect(map.add(longest)).toBe(0);
    expect(map.idAt(0)).toBe(longest);
    expect(map.indexOf(`${longest}y`)).toBe(-1);
    expect(() => map.add(`${longest}y`)).toThrow(/ids: expected an id of at most 128 bytes, found 129/);
    expect(map.size).toBe(1);
  });

  // Sizes on both sides of a growth of each array, the empty map among them.
  it.each([0, 1, 11, 12, 13, 16, 17, 81, 82, 500])('goes on from a snapshot of %i ids', (count) => {
    const original = createIdMap('ids');
    for (let i = 0; i < count; i++) original.add(`id ${i}`);
    const restored = createIdMap('ids');
    for (let i = 0; i < 50; i++) restored.add(`of the past ${i}`);
    restored.restore(structuredClone(original.snapshot()));
    expect(restored.size).toBe(count);
    expect(restored.indexOf('of the past 0')).toBe(-1);
    const ids = Array.from({ length: 2 * count + 20 }, (_, i) => `id ${i}`);
    expect(ids.map((id) => restored.add(id))).toEqual(ids.map((id) => original.add(id)));
    expect(ids.map((_, i) => restored.idAt(i))).toEqual(ids);
    expect(restored.snapshot()).toEqual(original.snapshot());
  });

  it('uses the arrays of a snapshot in place', () => {
    const original = createIdMap('ids');
    ['a', 'b', 'c'].forEach((id) => original.add(id));
    const snapshot = structuredClone(original.snapshot());
    const restored = createIdMap('ids');
    restored.restore(snapshot);
    for (const tensor of ['hashes', 'addresses', 'lengths', 'bytes']) {
      expect(restored.snapshot().tensors[tensor].data.buffer).toBe(snapshot.tensors[tensor].data.buffer);
    }
  });

  it('refuses arrays that do not belong together', () => {
    const map = createIdMap('ids');
    ['a', 'b', 'c'].forEach((id) => map.add(id));
    const { tensors } = map.snapshot();
    const restore = (change: object) => () =>
      createIdMap('ids').restore({ tensors: { ...tensors, ...change }, metadata: null });
    const i32From = (data: number[]) => ({ dtype: 'I32', shape: [data.length], data: Int32Array.from(data) });
    const u8 = (length: number) => ({ dtype: 'U8', shape: [length], data: new Uint8Array(length) });
    const withSizes = (first: number) => i32From([first, ...new Array<number>(255).fill(8)]);
    expect(restore({ segments: withSizes(9) })).toThrow(/segment 0: expected a power of two of slots, .* found 9 for/);
    expect(restore({ counts: withSizes(7) })).toThrow(/segment 0: .* at most 3\/4 full, found 8 for 7 ids/);
    expect(restore({ slots: i32From([0]) })).toThrow(/ids: tensor slots: expected I32\[2048\], found I32\[1\]/);
    expect(restore({ bytes: u8(2) })).toThrow(/ids: tensor bytes: expected whole rows of 8/);
    expect(restore({ bytes: u8(8) })).toThrow(/ids: tensor bytes: expected 3 units, found 1/);
    expect(restore({ lengths: u8(2) })).toThrow(/ids: tensor hashes: expected 2 rows, found 3/);
    expect(restore({ hashes: undefined })).toThrow(/ids: tensor hashes: expected U32\[\], found none/);
  });

  it('refuses an index that no id has', () => {
    const map = createIdMap('ids');
    map.add('a');
    expect(() => map.idAt(1)).toThrow(/ids: expected an index below 1 that an id has, found 1/);
    expect(() => map.idAt(-1)).toThrow(RangeError);
  });

  it.each([1, 2, 3, 4, 5])(
    'agrees with a JavaScript Map while ids come and go, also after a restart (seed %i)',
    (seed) => {
      const random = createRandom('work', seed);
      const oracle = new Map<string, number>();
      let map = createIdMap('ids');
      for (let n = 0; n < 4000; n++) {
        const id = `${'x'.repeat(random.below(20))}${random.below(700)}`;
        const known = oracle.get(id);
        expect(map.indexOf(id)).toBe(known ?? -1);
        if (known !== undefined && random.next() < 0.4) {
          map.remove(known);
          oracle.delete(id);
          expect(map.has(known)).toBe(false);
        } else {
          const index = map.add(id);
          expect(known ?? [...oracle.values()].includes(index)).toBe(known ?? false);
          oracle.set(id, index);
        }
        if (n % 1000 === 999) {
          const restored = createIdMap('ids');
          restored.restore(structuredClone(map.snapshot()));
          map = restored;
        }
      }
      expect(map.size).toBe(oracle.size);
      for (const [id, index] of oracle) {
        expect(map.indexOf(id)).toBe(index);
        expect(map.idAt(index)).toBe(id);
      }
    },
  );

  it('gives freed indexes and bytes to the next ids', () => {
    const map = createIdMap('ids');
    for (let n = 0; n < 100; n++) map.add(`first ${n}`);
    const { bytes } = map.snapshot().tensors;
    for (let n = 0; n < 100; n++) map.remove(n);
    expect(map.size).toBe(0);
    const again = Array.from({ length: 100 }, (_, n) => map.add(`other ${n}`));
    expect([...again].sort((a, b) => a - b)).toEqual([...again.keys()]);
    expect(map.end).toBe(100);
    expect(map.snapshot().tensors['bytes'].data.length).toBe(bytes.data.length);
    expect(() => map.remove(100)).toThrow('ids: expected an index below 100 that an id has, found 100');
  });

  it.each([1, 2, 3])('tells what changed while ids come and go and segments grow (seed %i)', (seed) => {
    const random = createRandom('work', seed);
    const map = createIdMap('ids');
    let base = structuredClone(map.snapshot());
    const sizes = new Set<number>();
    for (let round = 0; round < 60; round++) {
      for (let n = random.below(200); n > 0; n--) map.add(`${'x'.repeat(random.below(20))}${random.below(3000)}`);
      for (let n = random.below(40); n > 0; n--) {
        const index = random.below(map.end + 1);
        if (map.has(index)) map.remove(index);
      }
      const patch = structuredClone({ ...map.changes(), metadata: null });
      expect(snapshotDigest(applyPatch(base, patch))).toEqual(snapshotDigest(map.snapshot()));
      if (random.next() < 0.3) continue;
      map.saved();
      base = structuredClone(map.snapshot());
      sizes.add(base.tensors['slots'].data.length);
    }
    expect(sizes.size).toBeGreaterThan(3);
  });

  it('has nothing to tell when it is only read', () => {
    const map = createIdMap('ids');
    map.add('a');
    map.saved();
    map.add('a');
    map.indexOf('b');
    expect(map.changes()).toEqual({ tensors: {}, rows: {} });
  });
});
