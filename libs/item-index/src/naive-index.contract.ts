import { createRandom, type Filter, type Random } from '@gatehouse/domain';

import { clusteredAttributes, clusteredPoints, clusteredVectors } from './clustered-points.fixture';
import type { Hit, IndexPoint, ItemIndex, ItemIndexStore, SearchRequest } from './item-index';
import { NaiveIndex } from './naive-index.fixture';
import { type AdapterUnderTest, idsOf, plane, scoreTolerance } from './under-test.fixture';

const filters: readonly (Filter | undefined)[] = [
  undefined,
  { equals: { attribute: 'genre', value: 'film' } },
  { in: { attribute: 'tags', values: ['new', 'kids'] } },
  { range: { attribute: 'year', min: 2000, max: 2003 } },
  { equals: { attribute: 'free', value: true } },
  { equals: { attribute: 'free', value: 'true' } },
  { not: { range: { attribute: 'year', min: 1980 } } },
  {
    allOf: [
      { not: { equals: { attribute: 'tags', value: 'new' } } },
      { anyOf: [{ range: { attribute: 'year', max: 2010 } }, { equals: { attribute: 'free', value: true } }] },
    ],
  },
];

function pick<T>(random: Random, from: readonly T[]): T {
  return from[random.below(from.length)];
}

/** Scores of another machine may be rounded another way: then neighbours in the order may have changed places, and nothing else. */
function expectNearly(hits: readonly Hit[], expected: readonly Hit[], naive: NaiveIndex, vector: Float32Array): void {
  expect(hits).toHaveLength(expected.length);
  for (const [i, { itemId, score }] of hits.entries()) {
    expect(Math.abs(score - naive.score(vector, itemId))).toBeLessThan(scoreTolerance);
    expect(Math.abs(score - expected[i].score)).toBeLessThan(scoreTolerance);
    if (i > 0) expect(score).toBeLessThanOrEqual(hits[i - 1].score);
  }
}

/** Every index answers as the naive one does, whatever happens to it. */
export function naiveIndexContract(adapter: AdapterUnderTest): void {
  describe(`${adapter.name}: against the naive index`, () => {
    let store: ItemIndexStore;
    let close: () => Promise<void>;
    beforeEach(async () => {
      ({ store, close } = await adapter.open());
    });
    afterEach(() => close());

    const checkSearch = async (index: ItemIndex, naive: NaiveIndex, request: SearchRequest): Promise<void> => {
      const ranking = naive.ranking(request);
      const hits = await index.search(request);
      const returned = new Set(idsOf(hits));
      // An approximate index may miss some of the best, but it returns as many, with exact scores and in order.
      const expected = adapter.exact
        ? ranking.slice(0, request.k)
        : ranking.filter(({ itemId }) => returned.has(itemId));
      if (adapter.isLocal) expect(hits).toEqual(expected);
      else expectNearly(hits, expected, naive, request.vector);
      expect(hits).toHaveLength(Math.min(request.k, ranking.length));
    };

    it.each([
      [1, 'dot'],
      [2, 'l2'],
      [3, 'dot'],
    ] as const)(
      'agrees through random changes, seals, activations and reopenings (seed %i, %s)',
      async (seed, metric) => {
        const random = createRandom('steps', seed);
        const naive = new NaiveIndex(metric);
        const dimension = 8;
        const pool = clusteredPoints(seed, 900, dimension);
        const queries = clusteredVectors(seed + 100, 20, dimension);
        let index = await store.create('1-1.1', { dimension, metric, attributes: clusteredAttributes, manifest: {} });
        const upsert = async (points: readonly IndexPoint[]): Promise<void> => {
          naive.upsert(points);
          await index.upsert(points);
        };
        await upsert(pool.slice(0, 700));

        const actions: readonly (() => Promise<void>)[] = [
          async () => {
            const moved = pick(random, pool).vector;
            const from = random.below(pool.length);
            await upsert(pool.slice(from, from + 1 + random.below(30)).map((old) => ({ ...old, vector: moved })));
          },
          async () => {
            const from = random.below(pool.length);
            await upsert(pool.slice(from, from + 1 + random.below(30)));
          },
          async () => {
            const from = random.below(pool.length);
            const gone = idsOf(pool.slice(from, from + random.below(30)));
            naive.remove(gone);
            await index.remove(gone);
          },
          async () => {
            await index.seal();
            if (random.next() < 0.3) {
              await store.activate('1-1.1');
              expect(await store.active()).toBe('1-1.1');
            }
            if (random.next() < 0.5) return;
            await index.close();
            index = await store.open('1-1.1');
          },
        ];
        for (let step = 0; step < 40; step++) {
          await pick(random, actions)();
          expect(await index.count()).toBe(naive.points.size);
          const filter = pick(random, filters);
          const vector = pick(random, queries);
          const nearest = idsOf(naive.ranking({ vector }).slice(0, 40));
          await checkSearch(index, naive, {
            vector,
            k: random.below(25),
            ...(filter && { filter }),
            ...(random.next() < 0.4 && { exclude: new Set(nearest.filter(() => random.next() < 0.7)) }),
            ...(random.next() < 0.2 && { effort: random.below(200) }),
          });
        }
      },
    );

    it.each([
      ['dot', 1],
      ['dot', 3],
      ['l2', 3],
    ] as const)('finds at least 95 %% of the best 10 (%s, lengths from 1 to %d)', async (metric, longest) => {
      const naive = new NaiveIndex(metric);
      const random = createRandom('lengths', 13);
      const stretched = (vector: Float32Array): Float32Array => {
        const length = 1 + (longest - 1) * random.next();
        const tail = adapter.goesByPrefix ? 0.1 : 1; // as of vectors whose prefixes say the most
        return vector.map((x, d) => x * length * (2 * d < vector.length ? 1 : tail));
      };
      const points = clusteredPoints(11, 3000, 16).map((one) => ({ ...one, vector: stretched(one.vector) }));
      naive.upsert(points);
      const index = await store.create('1-1.1', { ...plane, metric, dimension: 16, attributes: clusteredAttributes });
      await index.upsert(points);
      await index.seal();
      for (const filter of [undefined, filters[1]]) {
        let found = 0;
        for (const vector of clusteredVectors(12, 50, 16)) {
          const request: SearchRequest = { vector, k: 10, effort: 64, ...(filter && { filter }) };
          const best = new Set(idsOf(naive.ranking(request).slice(0, 10)));
          found += (await index.search(request)).filter(({ itemId }) => best.has(itemId)).length;
        }
        expect(found / 500).toBeGreaterThanOrEqual(0.95);
      }
    });
  });
}
