import type { Context, Impression } from '@gatehouse/domain';
import { createManualClock } from '@gatehouse/runtime';

import { createDraws, indexOf, requestOver } from './source-request.fixture';
import { sourceSettings } from './source-settings';
import { createTrending } from './trending';

const weights: Readonly<Record<string, number>> = { click: 1, purchase: 3, shown: 0 };
const weightOf = (action: string): number => weights[action] ?? 0;
const items = ['a', 'b', 'c', 'd', 'e', 'f'];
const startMs = 1_000_000;

let serial = 0;
const event = (itemId: string, eventTimeMs: number, more: Partial<Impression> = {}): Impression => ({
  eventId: `e${serial++}`,
  userId: 'u',
  itemId,
  eventTimeMs,
  action: 'click',
  ...more,
});

async function setUp(changed: object = {}) {
  const clock = createManualClock(startMs);
  const { trending: settings } = sourceSettings.parse({ trending: { halfLifeMs: 1000, segmentMin: 2, ...changed } });
  const trending = createTrending(settings, clock);
  const index = await indexOf(items.map((itemId, i) => ({ itemId, vector: [1, 0], attributes: { year: i } })));
  const find = (asked: Parameters<typeof requestOver>[1] = {}) => trending.source(requestOver(index, asked));
  const idsFor = async (context: Context = {}) => (await find({ context })).map(({ itemId }) => itemId);
  const apply = (...impressions: Impression[]) => {
    trending.apply(impressions, weightOf);
    clock.advance(1000); // rankings are made again after that
  };
  return { trending, clock, find, idsFor, apply };
}

test('actions count by their weight, and half as much after a half-life of event time', async () => {
  const { apply, find, clock } = await setUp();
  apply(
    event('a', 5000, { action: 'purchase' }),
    event('b', 7000),
    event('c', 6000),
    event('d', 7000, { action: 'shown' }),
    event('d', 7000, { action: 'unknown' }),
  );
  // As of 7000, the newest event: b = 1, a = 3/4, c = 1/2. The time that passes without events changes nothing.
  const expected = [
    { itemId: 'b', score: 1 },
    { itemId: 'a', score: 0.75 },
    { itemId: 'c', score: 0.5 },
  ];
  expect(await find()).toEqual(expected);
  clock.advance(100_000);
  expect(await find()).toEqual(expected);
});

test('an event that comes twice counts once', async () => {
  const { apply, find } = await setUp();
  const twice = event('a', 1000);
  apply(twice, twice);
  expect(await find()).toEqual([{ itemId: 'a', score: 1 }]);
});

test('an event from the future counts as of now', async () => {
  const { apply, find } = await setUp();
  apply(event('a', startMs), event('b', startMs * 1000));
  expect((await find()).map(({ score }) => score)).toEqual([1, 1]);
});

test('a ranking is made again after a second, not at each request', async () => {
  const { trending, clock, idsFor } = await setUp();
  trending.apply([event('a', 1000)], weightOf);
  expect(await idsFor()).toEqual(['a']);
  trending.apply([event('b', 9000)], weightOf);
  clock.advance(999);
  expect(await idsFor()).toEqual(['a']);
  clock.advance(1);
  expect(await idsFor()).toEqual(['b', 'a']);
});

test('a segment has its own items, and those of all when it has too few', async () => {
  const { apply, idsFor } = await setUp({ segmentBy: ['country'] });
  const of = (country: string) => ({ context: { country } });
  apply(event('a', 1000, of('nz')), event('b', 900, of('nz')), event('c', 2000, of('fr')), event('d', 3000));
  expect(await idsFor({ country: 'nz' })).toEqual(['a', 'b']);
  expect(await idsFor({ country: 'fr' })).toEqual(['d', 'c', 'a', 'b']); // one item, and two are asked for
  expect(await idsFor({ country: 'de' })).toEqual(['d', 'c', 'a', 'b']);
  expect(await idsFor()).toEqual(['d', 'c', 'a', 'b']);
});

test('a segment of several fields needs them all, and tells types apart', async () => {
  const { apply, idsFor } = await setUp({ segmentBy: ['country', 'kids'], segmentMin: 1 });
  apply(
    event('a', 1000, { context: { country: 'nz', kids: true } }),
    event('b', 1000, { context: { country: 'nz', kids: 'true' } }),
    event('c', 1000, { context: { country: 'nz' } }),
    event('d', 1000, { context: { kids: true } }),
  );
  expect(await idsFor({ country: 'nz', kids: true })).toEqual(['a']);
  expect(await idsFor({ country: 'nz', kids: 'true' })).toEqual(['b']);
  expect(await idsFor({ country: 'nz' })).toEqual(['a', 'b', 'c', 'd']);
  expect(await idsFor({ country: 'nz', constructor: 'x' })).toEqual(['a', 'b', 'c', 'd']);
});

test('counters are bounded, and the least segment makes room', async () => {
  const { trending, apply, idsFor } = await setUp({
    segmentBy: ['country'],
    segmentMin: 1,
    segments: 3,
    items: 1000,
    segmentItems: 100,
  });
  const big = Array.from({ length: 300 }, (_, i) => event(items[i % 2], 1000, { context: { country: 'nz' } }));
  apply(...big);
  for (let i = 0; i < 20_000; i++)
    trending.apply([event(`x${i}`, 1000, { context: { country: `c${i % 200}` } })], weightOf);
  expect(trending.size).toBeLessThanOrEqual(1000 + 3 * 100);
  expect(await idsFor({ country: 'nz' })).toEqual(['a', 'b']);
});

test('what the index does not hold is in no answer; filter, exclusions and the seen hold', async () => {
  const { apply, find } = await setUp();
  apply(...['gone', ...items].map((itemId, i) => event(itemId, 9000 - 100 * i)));
  const idsOf = async (asked: Parameters<typeof find>[0]) => (await find(asked)).map(({ itemId }) => itemId);
  expect(await idsOf({})).toEqual(items);
  expect(await idsOf({ limit: 2 })).toEqual(['a', 'b']);
  expect(await idsOf({ filter: { range: { attribute: 'year', min: 3 } } })).toEqual(['d', 'e', 'f']);
  expect(await idsOf({ exclude: new Set(['a']), isSeen: (itemId) => itemId === 'b' })).toEqual(['c', 'd', 'e', 'f']);
});

test('cleared, it knows nothing', async () => {
  const { apply, trending, clock, idsFor } = await setUp({ segmentBy: ['country'], segmentMin: 1 });
  const one = event('a', 1000, { context: { country: 'nz' } });
  apply(one);
  trending.clear();
  clock.advance(1000);
  expect([await idsFor(), await idsFor({ country: 'nz' }), trending.size]).toEqual([[], [], 0]);
  apply(one); // the same event counts again
  expect(await idsFor()).toEqual(['a']);
});

test.each(Array.from({ length: 10 }, (_, i) => i + 1))(
  'every segment equals the sum over its events (seed %i)',
  async (seed) => {
    const { below, oneOf, next } = createDraws(seed);
    const { trending, find, clock } = await setUp({ segmentBy: ['country'], segmentMin: 1 });
    const events = Array.from({ length: 400 }, () =>
      event(oneOf(items), 100_000 + below(20_000), {
        action: oneOf(['click', 'purchase', 'shown']),
        ...(next() < 0.8 && { context: { country: oneOf(['nz', 'fr', 'de']) } }),
      }),
    );
    for (let at = 0; at < events.length; at += 50) trending.apply(events.slice(at, at + 50), weightOf);
    clock.advance(1000);
    const counted = events.filter(({ action }) => weightOf(action) > 0);
    const newestMs = Math.max(...counted.map(({ eventTimeMs }) => eventTimeMs));
    for (const country of [undefined, 'nz', 'fr', 'de']) {
      const sums = new Map<string, number>();
      for (const { itemId, action, eventTimeMs, context } of counted) {
        if (country !== undefined && context?.['country'] !== country) continue;
        sums.set(itemId, (sums.get(itemId) ?? 0) + weightOf(action) * 2 ** ((eventTimeMs - newestMs) / 1000));
      }
      const found = await find(country === undefined ? {} : { context: { country } });
      expect(found.map(({ itemId }) => itemId)).toEqual([...sums].sort(([, a], [, b]) => b - a).map(([id]) => id));
      for (const { itemId, score } of found) expect(score / sums.get(itemId)!).toBeCloseTo(1, 9);
    }
  },
);
