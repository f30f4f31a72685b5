import fc from 'fast-check';

import type { IndexPoint } from './item-index';
import { PointTable } from './point-table';

function point(itemId: string, x: number): IndexPoint {
  return { itemId, vector: Float32Array.of(x, -x), attributes: { x } };
}

describe('PointTable', () => {
  it('holds what a map would hold, in dense rows', () => {
    const itemId = fc.integer({ min: 0, max: 12 }).map(String);
    const step = fc.oneof(
      fc.record({ put: itemId, x: fc.integer({ min: 0, max: 999 }) }),
      fc.record({ remove: itemId }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const table = new PointTable(2);
        const model = new Map<string, IndexPoint>();
        for (const given of steps) {
          if ('put' in given) {
            table.put(point(given.put, given.x));
            model.set(given.put, point(given.put, given.x));
          } else {
            table.remove(given.remove);
            model.delete(given.remove);
          }
        }
        expect(table.count).toBe(model.size);
        expect([...table.ids].sort()).toEqual([...model.keys()].sort());
        for (let row = 0; row < table.count; row++) {
          expect(table.rowOf(table.ids[row])).toBe(row);
          expect(table.pointAt(row)).toEqual(model.get(table.ids[row]));
        }
        expect(table.rowOf('unknown')).toBeUndefined();
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it('names the rows of a given slab in order', () => {
    const table = new PointTable(2, Float32Array.of(1, 2, 3, 4));
    table.adopt('a', {});
    table.adopt('b', { x: 1 });
    expect(table.pointAt(1)).toEqual({ itemId: 'b', vector: Float32Array.of(3, 4), attributes: { x: 1 } });
    table.put(point('c', 5));
    expect([...table.vectors.subarray(0, 6)]).toEqual([1, 2, 3, 4, 5, -5]);
  });
});
