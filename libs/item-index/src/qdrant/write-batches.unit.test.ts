import { point } from '../under-test.fixture';
import { toQdrantPoint } from './qdrant-point';
import { writeBatches } from './write-batches';

const batchesOf = (points: Parameters<typeof writeBatches>[0]) => [...writeBatches(points)];

describe('writeBatches', () => {
  it('cuts by count', () => {
    const points = Array.from({ length: 2300 }, (_, i) => point(`i${i}`, [i]));
    expect(batchesOf(points).map(({ length }) => length)).toEqual([1000, 1000, 300]);
    expect(batchesOf(points).flat()).toEqual(points);
    expect(batchesOf([])).toEqual([]);
  });

  it('cuts by bytes, so that no request is above 8 MB', () => {
    const vector = Array.from({ length: 4096 }, () => -1.2345678e-38);
    const points = Array.from({ length: 300 }, (_, i) => point(`i${i}`, vector, { tags: ['é'.repeat(10_000)] }));
    const batches = batchesOf(points);
    expect(batches.length).toBeGreaterThan(3);
    for (const batch of batches) {
      expect(Buffer.byteLength(JSON.stringify({ points: batch.map(toQdrantPoint) }))).toBeLessThan(8_000_000);
    }
  });

  it('takes a point that is above the limit alone', () => {
    const large = point('large', [1], { tags: ['x'.repeat(9_000_000)] });
    expect(batchesOf([point('a', [1]), large, point('b', [1])]).map(({ length }) => length)).toEqual([1, 1, 1]);
  });

  it('keeps the last of an id that comes twice', () => {
    expect(batchesOf([point('a', [1]), point('b', [2]), point('a', [3])])).toEqual([
      [point('a', [3]), point('b', [2])],
    ]);
  });
});
