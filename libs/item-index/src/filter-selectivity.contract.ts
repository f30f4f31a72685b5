import { createRandom, type Filter, type ItemId } from '@gatehouse/domain';

import { clusteredVectors } from './clustered-points.fixture';
import type { Hit, IndexPoint, IndexSpec, ItemIndex } from './item-index';
import { NaiveIndex, naiveMatches } from './naive-index.fixture';
import { type AdapterUnderTest, expectHits, idsOf, scoreTolerance } from './under-test.fixture';

/** As many points as have a graph by default. */
const pointCount = 10_000;
const dimension = 32;
const seed = 71;
const queryCount = 5;

/** Shares of the points that pass: all, and down to a single one. */
const shares = [1, 0.1, 0.01, 0.001, 0.0001] as const;

/** Where this share passes or less, an exact look is cheaper than the graph, and finds them all. */
const exactFrom = 0.01;

const spec: IndexSpec = {
  dimension,
  metric: 'dot',
  attributes: { scattered: 'number', far: 'number', shares: 'string' },
  manifest: {},
};

/**
 * Points of which exactly a share passes: `scattered` numbers them in no order, `far` from the one that is farthest from the first query,
 * so that those which pass are where a walk through a graph does not come by itself. `shares` says in words what `scattered` does.
 */
function pointsToFilter(queries: readonly Float32Array[]): IndexPoint[] {
  const random = createRandom('order', seed);
  const vectors = clusteredVectors(seed, pointCount, dimension);
  const scattered = placesBy(vectors, () => random.next());
  const far = placesBy(vectors, (vector) => vector.reduce((sum, x, d) => sum + x * queries[0][d], 0));
  return vectors.map((vector, i) => ({
    itemId: `item-${i}`,
    vector,
    attributes: {
      scattered: scattered[i],
      far: far[i],
      shares: shares.filter((share) => scattered[i] < share * pointCount).map(String),
    },
  }));
}

/** Place of each value in the order of a key, from 0. */
function placesBy<T>(values: readonly T[], key: (value: T) => number): number[] {
  const keys = values.map(key);
  const places = new Array<number>(values.length);
  const order = keys.map((_, i) => i).sort((a, b) => keys[a] - keys[b]);
  order.forEach((i, place) => (places[i] = place));
  return places;
}

/** Filters that `share` of the points pass, in several forms. */
const forms: readonly (readonly [string, (share: number) => Filter])[] = [
  ['a range', (share) => ({ range: { attribute: 'scattered', max: share * pointCount - 1 } })],
  ['a value of a list', (share) => ({ equals: { attribute: 'shares', value: String(share) } })],
  ['a negation', (share) => ({ not: { range: { attribute: 'scattered', min: share * pointCount } } })],
  ['a range far away', (share) => ({ range: { attribute: 'far', max: share * pointCount - 1 } })],
];

/**
 * However few points pass a filter, as many hits come as were asked for or as there are, and they are the best ones.
 *
 * @param graphRecall share of the best hits that are found, at least, while so many points pass that an approximate search goes by the graph.
 */
export function filterSelectivityContract(adapter: AdapterUnderTest, graphRecall = 0.95): void {
  describe(`${adapter.name}: filters of ${pointCount} points (seed ${seed})`, () => {
    const queries = clusteredVectors(seed + 1, queryCount, dimension);
    const points = pointsToFilter(queries);
    const naive = new NaiveIndex(spec.metric);
    naive.upsert(points);
    const rankings = queries.map((vector) => naive.ranking({ vector }));

    let index: ItemIndex;
    let close: () => Promise<void>;
    beforeAll(async () => {
      const opened = await adapter.open();
      close = opened.close;
      index = await opened.store.create('1-1.1', spec);
      await index.upsert(points);
      await index.seal();
    }, 60_000);
    afterAll(() => close());

    const passingOf = (ranking: readonly Hit[], filter: Filter): Hit[] =>
      ranking.filter(({ itemId }) => naiveMatches(filter, naive.points.get(itemId)?.attributes ?? {}));

    /** The best 30 that pass, and 2000 others: what a user has met. */
    const metOf = (best: readonly Hit[]): ReadonlySet<ItemId> => {
      const random = createRandom('met', seed);
      const others = Array.from({ length: 2000 }, () => points[random.below(pointCount)].itemId);
      return new Set([...idsOf(best.slice(0, 30)), ...others]);
    };

    const wants = [10, 100].flatMap((k) => [false, true].map((excludes) => ({ k, excludes })));
    describe.each(forms)('%s', (_, filterOf) => {
      it.each(shares)('passes %d of them', async (share) => {
        const filter = filterOf(share);
        const passing = rankings.map((ranking) => passingOf(ranking, filter));
        expect(passing.map(({ length }) => length)).toEqual(queries.map(() => Math.round(share * pointCount)));
        for (const { k, excludes } of wants) {
          let [found, wanted] = [0, 0];
          for (const [i, vector] of queries.entries()) {
            const exclude = excludes ? metOf(passing[i]) : undefined;
            const allowed = exclude ? passing[i].filter(({ itemId }) => !exclude.has(itemId)) : passing[i];
            const best = allowed.slice(0, k);
            const hits = await index.search({ vector, k, filter, ...(exclude && { exclude }) });
            expect(hits).toHaveLength(best.length);
            expect(new Set(idsOf(hits)).size).toBe(hits.length);
            const mayCome = new Set(idsOf(allowed));
            expect(hits.filter(({ itemId }) => !mayCome.has(itemId))).toEqual([]);
            if (adapter.exact) expectHits(adapter, hits, best);
            const floor = (best.at(-1)?.score ?? 0) - scoreTolerance; // of points that tie, any will do
            found += hits.filter(({ score }) => score >= floor).length;
            wanted += best.length;
          }
          if (wanted > 0) expect(found / wanted).toBeGreaterThanOrEqual(share <= exactFrom ? 1 : graphRecall);
        }
      });
    });
  });
}
