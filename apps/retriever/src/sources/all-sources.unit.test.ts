import type { ItemId } from '@gatehouse/domain';
import { type AttributeValue, type Attributes, compileFilter } from '@gatehouse/item-index';
import { RetrieveRequest } from '@gatehouse/proto';
import { createManualClock } from '@gatehouse/runtime';

import { fusionSettings } from '../fusion-settings';
import { createRetrieve } from '../retrieve';
import { sourceNames } from '../retrieve-query';
import { createFakePair, createRecordingLogger, noTelemetry, noTracing, userRecordOf } from '../retriever.fixture';
import { createServing } from '../serving';
import { disposePair } from '../serving-pair';
import { createSources } from './create-sources';
import { createDraws, historyOf, indexOf } from './source-request.fixture';
import { sourceSettings } from './source-settings';

const never = new AbortController().signal;
const wordOf = (i: number): string => ['red', 'blue', 'old', 'new'][i % 4];

/**
 * A retriever with every source. Of 80 items, the index holds the first 60, the catalogue all but the first ten, and the stream and the
 * words know all.
 */
async function setUp(seed: number) {
  const draws = createDraws(seed);
  const { below, next } = draws;
  const ids = Array.from({ length: 80 }, (_, i) => `i${i}`);
  const attributesOf = new Map<ItemId, Attributes>();
  for (const itemId of ids) attributesOf.set(itemId, { year: 1990 + below(4), genre: wordOf(below(4)) });
  const index = await indexOf(
    ids.slice(0, 60).map((itemId) => ({
      itemId,
      vector: [next() - 0.5, next() - 0.5],
      attributes: attributesOf.get(itemId) as Record<string, AttributeValue>,
    })),
  );
  const sources = createSources(
    sourceSettings.parse({
      trending: { halfLifeMs: 1000, segmentBy: ['country'], segmentMin: 1 },
      new: { count: 50 },
      lexical: { fields: ['title'] },
    }),
    createManualClock(1e6),
  );
  const catalogue = draws.shuffled(ids.slice(10));
  const withheld = new Set(catalogue.slice(0, 8));
  for (const listener of sources.itemListeners) {
    for (const [i, itemId] of catalogue.entries()) {
      listener.put({ itemId, features: { title: `${wordOf(i)} ${wordOf(i >> 2)}` }, available: true });
    }
    for (const itemId of withheld) listener.put({ itemId, features: {}, available: false });
  }
  sources.trending?.apply(
    Array.from({ length: 400 }, (_, i) => ({
      eventId: `e${i}`,
      userId: 'x',
      itemId: draws.oneOf(ids),
      eventTimeMs: below(10_000),
      action: 'click',
      context: { country: draws.oneOf(['nz', 'fr']) },
    })),
    () => 1,
  );
  const popular = ids
    .slice(0, 60)
    .map((itemId, i) => ({ itemId, score: 60 - i, attributes: attributesOf.get(itemId) ?? {} }));
  const serving = createServing(disposePair);
  serving.replace(createFakePair('1-1', { index, popular }));
  const seen = draws.shuffled(ids).slice(0, 15);
  const { one } = createRetrieve({
    serving,
    users: { get: () => userRecordOf(seen.slice(0, 5), seen) },
    featuresOf: () => ({}),
    sources,
    fusion: fusionSettings.parse({ quotas: { new: { min: 2 }, trending: { max: 5 } } }),
    clock: createManualClock(1e6),
    effortOf: () => 0,
    telemetry: noTelemetry,
    tracing: noTracing,
    logger: createRecordingLogger(),
  });
  const ask = (request: Partial<RetrieveRequest>) =>
    one(RetrieveRequest.fromPartial({ userId: 'u', ...request }), never);
  return { ...draws, ids, ask, seen, attributesOf, withheld, catalogue };
}

test.each(Array.from({ length: 15 }, (_, i) => i + 1))(
  'whatever the source: only what the index holds, passes the filter, and is neither excluded nor seen (seed %i)',
  async (seed) => {
    const { below, shuffled, ids, ask, seen, attributesOf, withheld, catalogue } = await setUp(seed);
    const choices = [...sourceNames.map((name) => [name]), [...sourceNames], shuffled(sourceNames).slice(0, 3)];
    let answered = 0;
    for (const sources of choices) {
      const excludeItemIds = shuffled(ids).slice(0, 10);
      const limit = 1 + below(40);
      const filter = { range: { attribute: 'year', min: 1991 } };
      const history = historyOf(...shuffled(ids).slice(0, 3));
      const { candidates, degraded } = await ask({
        sources,
        limit,
        excludeItemIds,
        excludeSeen: true,
        queryText: 'Red, old and new',
        context: new Map([['country', { kind: { $case: 'stringValue' as const, value: 'nz' } }]]),
        filter: { condition: { $case: 'range', value: filter.range } },
        history: { entries: history },
      });
      answered += candidates.length;
      expect(degraded).toBe(false);
      expect(candidates.length).toBeLessThanOrEqual(limit);
      expect(new Set(candidates.map(({ itemId }) => itemId)).size).toBe(candidates.length);
      const forbidden = new Set([...excludeItemIds, ...seen, ...history.map(({ itemId }) => itemId)]);
      for (const { itemId, sources: named } of candidates) {
        expect(ids.indexOf(itemId)).toBeLessThan(60);
        expect(forbidden).not.toContain(itemId);
        expect(compileFilter(filter)(attributesOf.get(itemId) ?? {})).toBe(true);
        for (const { source } of named) {
          expect(sources).toContain(source);
          if (source !== 'new' && source !== 'lexical') continue;
          expect(withheld).not.toContain(itemId);
          expect(catalogue).toContain(itemId);
        }
      }
    }
    expect(answered).toBeGreaterThan(20);
  },
);

test('every source has something to say', async () => {
  const { ask, ids } = await setUp(1);
  const history = historyOf(ids[3]);
  const { candidates } = await ask({
    sources: [...sourceNames],
    limit: 1000,
    queryText: 'red',
    history: { entries: history },
  });
  const named = new Set(candidates.flatMap(({ sources }) => sources.map(({ source }) => source)));
  expect(named).toEqual(new Set(sourceNames));
  for (const { sources } of candidates) {
    const places = sources.map(({ source }) => sourceNames.findIndex((name) => name === source));
    expect(places).toEqual([...places].sort((a, b) => a - b));
  }
});
