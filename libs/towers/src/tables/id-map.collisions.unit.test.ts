import type { Keys } from '@gatehouse/domain';

import { createIdMap } from './id-map';

// All ids of one length have the same 64-bit hash, and all start at the last slot of the smallest table.
jest.mock('@gatehouse/domain', () => ({
  ...jest.requireActual<object>('@gatehouse/domain'),
  hashId: (id: string, out: Keys, at: number) => {
    out[at * 2] = 15;
    out[at * 2 + 1] = id.length;
  },
}));

describe('id map whose hashes collide', () => {
  it('still tells ids apart by their bytes', () => {
    const map = createIdMap('ids');
    const ids = Array.from({ length: 300 }, (_, i) => i.toString(36));
    ids.push(...['a', 'b'].flatMap((end) => ['x'.repeat(127) + end, end + 'x'.repeat(127)]));
    const indexes = [...ids.keys()];
    expect(ids.map((id) => map.add(id))).toEqual(indexes);
    expect(ids.map((id) => map.indexOf(id))).toEqual(indexes);
    expect(map.indexOf('zz')).toBe(-1);

    const restored = createIdMap('ids');
    restored.restore(structuredClone(map.snapshot()));
    expect(ids.map((id) => restored.add(id))).toEqual(indexes);
  });
});
