import { randomUUID } from 'node:crypto';

import { createRandom, type Filter, type ItemId } from '@gatehouse/domain';
import {
  compileFilter,
  type IndexPoint,
  indexSettings,
  type ItemIndex,
  type ItemIndexStore,
  qdrantSettings,
} from '@gatehouse/item-index';
import { createExactItemIndexStore } from '@gatehouse/item-index/exact';
import { openItemIndexStore } from '@gatehouse/item-index/open';
import { createCleanup, createTemporaryFolder, qdrantUrl } from '@gatehouse/testing';

import { createFakePair } from '../retriever.fixture';
import { twoTower } from './two-tower';

const seed = 17;
const itemCount = 10_000;
const dimension = 16;
/** Share of the best unseen items that are found, at least, while so many pass that the search goes by the graph. */
const graphRecall = 0.95;

const random = createRandom('items', seed);
const vectorOf = () => Float32Array.from({ length: dimension }, () => 2 * random.next() - 1);
const items: readonly IndexPoint[] = Array.from({ length: itemCount }, (_, place) => ({
  itemId: `i${place}`,
  vector: vectorOf(),
  attributes: { place },
}));
const query = vectorOf();

/** Scores in float64, as indexes in files have them; best first. */
const ranking = items
  .map(({ itemId, vector, attributes }) => ({
    itemId,
    attributes,
    score: vector.reduce((sum, x, d) => sum + x * query[d], 0),
  }))
  .sort((a, b) => b.score - a.score);
const idsOf = (hits: readonly { readonly itemId: ItemId }[]) => hits.map(({ itemId }) => itemId);

/** What a user of thousands of events has met. */
const met: readonly (readonly [string, ReadonlySet<ItemId>])[] = [
  ['the best 5000', new Set(idsOf(ranking.slice(0, 5000)))],
  ['nine of ten', new Set(idsOf(items.filter((_, i) => i % 10 > 0)))],
  ['all but the last 3', new Set(idsOf(ranking.slice(0, -3)))],
];

const cleanup = createCleanup();
const open = (index: object, qdrant: object = {}) =>
  openItemIndexStore({
    index: indexSettings.parse(index),
    qdrant: qdrantSettings.parse(qdrant),
    environment: process.env,
  });
const url = qdrantUrl();
const key = process.env['QDRANT_API_KEY'] === undefined ? {} : { apiKeyVariable: 'QDRANT_API_KEY' };
const stores: readonly (readonly [string, () => Promise<ItemIndexStore>])[] = [
  ['in memory', async () => createExactItemIndexStore()],
  ['in files', async () => open({ kind: 'embedded', folder: await createTemporaryFolder(cleanup) })],
  ...(url === undefined
    ? []
    : [
        [
          'on Qdrant',
          () =>
            open(
              { kind: 'qdrant' },
              { url, ...key, collectionPrefix: `test-${randomUUID()}-`, indexingThresholdKb: 1 },
            ),
        ] as const,
      ]),
];

describe.each(stores)(`unseen ones of ${itemCount} items %s (seed ${seed})`, (_, openStore) => {
  let index: ItemIndex;
  beforeAll(async () => {
    const store = await openStore();
    index = await store.create('1-1.1', { dimension, metric: 'dot', attributes: { place: 'number' }, manifest: {} });
    cleanup.add(async () => {
      await index.close();
      await store.drop('1-1.1');
    });
    await index.upsert(items);
    await index.seal();
  }, 60_000);
  afterAll(() => cleanup.run());

  describe.each(met)('of a user who has met %s', (_met, seen) => {
    it.each([1, 0.1, 0.01, 0.001, 0.0001])('come where %d of all pass', async (share) => {
      const filter: Filter = { range: { attribute: 'place', max: share * itemCount - 1 } };
      const matches = compileFilter(filter);
      const exclude = new Set(idsOf(ranking.filter(({ itemId }) => !seen.has(itemId)).slice(0, 1)));
      const allowed = ranking.filter(
        ({ itemId, attributes }) => matches(attributes) && !seen.has(itemId) && !exclude.has(itemId),
      );
      for (const limit of [10, 100]) {
        const found = await twoTower({
          pair: createFakePair('1-1', { index }),
          vectors: [query],
          history: [],
          context: {},
          limit,
          filter,
          exclude,
          isSeen: (itemId) => seen.has(itemId),
          seenCount: seen.size,
          signal: new AbortController().signal,
        });
        const best = new Set(idsOf(allowed.slice(0, limit)));
        expect(found).toHaveLength(best.size);
        const mayCome = new Set(idsOf(allowed));
        expect(idsOf(found).filter((itemId) => !mayCome.has(itemId))).toEqual([]);
        expect(new Set(idsOf(found)).size).toBe(found.length);
        const hit = idsOf(found).filter((itemId) => best.has(itemId)).length;
        expect(hit).toBeGreaterThanOrEqual(best.size * (share > 0.01 ? graphRecall : 1));
      }
    });
  });
});
