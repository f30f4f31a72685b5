import { createRandom, type Random } from '@gatehouse/domain';
import type { IndexPoint } from '@gatehouse/item-index';
import type { Canary } from '@gatehouse/towers';

import { createNearestToCanaries } from './nearest-canaries';
import { useCpu } from './version.fixture';

/** Small whole numbers: scores are exact, and many of them tie. */
const vectorOf = (random: Random, dimension: number): Float32Array =>
  Float32Array.from({ length: dimension }, () => random.below(5) - 2);

const canaryOf = (vector: Float32Array): Canary => ({
  query: { features: {}, history: [], context: {}, requestTimeMs: 0 },
  vector,
  nextItemId: 'i0',
});

describe('createNearestToCanaries', () => {
  useCpu();

  it.each([1, 2, 3, 4, 5, 6])('agrees with a sort of everything, however the points come, seed %d', (seed) => {
    const random = createRandom('points', seed);
    const dimension = 1 + random.below(4);
    const k = 1 + random.below(6);
    const points: IndexPoint[] = Array.from({ length: random.below(60) }, (_, i) => ({
      itemId: `i${(i * 37) % 101}`, // not in order of the ids
      vector: vectorOf(random, dimension),
      attributes: {},
    }));
    const canaries = Array.from({ length: 5 }, () => canaryOf(vectorOf(random, dimension)));
    const nearest = createNearestToCanaries(canaries, k);
    for (let at = 0; at < points.length;) {
      const size = random.below(20);
      nearest.add(points.slice(at, at + size));
      at += size;
    }

    const expected = canaries.map(({ vector }) =>
      points
        .map((point) => ({ itemId: point.itemId, score: point.vector.reduce((sum, x, d) => sum + x * vector[d], 0) }))
        .sort((a, b) => b.score - a.score || (a.itemId < b.itemId ? -1 : 1))
        .slice(0, k),
    );
    expect(nearest.best()).toEqual(expected);
  });

  it('finds nothing among no points, and needs no canaries', () => {
    const point: IndexPoint = { itemId: 'a', vector: Float32Array.of(1), attributes: {} };
    expect(createNearestToCanaries([canaryOf(Float32Array.of(1))], 3).best()).toEqual([[]]);
    const none = createNearestToCanaries([], 3);
    none.add([point]);
    expect(none.best()).toEqual([]);
  });
});
