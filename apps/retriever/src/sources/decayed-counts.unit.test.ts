import { DecayedCounts } from './decayed-counts';
import { createDraws } from './source-request.fixture';

test('a count halves with every half-life, whatever order its events came in', () => {
  const counts = new DecayedCounts(1000, 100);
  counts.add('b', 1, 3000);
  counts.add('a', 4, 1000); // two half-lives before 3000
  counts.add('a', 1, 2000); // one
  counts.add('c', 1, 3000);
  // As of 3000: a = 4/4 + 1/2, b = c = 1. As of 5000 a quarter of that.
  expect([...counts.ranking(3000)]).toEqual([
    { itemId: 'a', score: 1.5 },
    { itemId: 'b', score: 1 },
    { itemId: 'c', score: 1 },
  ]);
  expect([...counts.ranking(5000)].map(({ score }) => score)).toEqual([0.375, 0.25, 0.25]);
  expect(counts.total(3000)).toBe(3.5);
});

test('no time span is too long: what is too old to tell is forgotten', () => {
  const counts = new DecayedCounts(1, 100);
  counts.add('a', 1, 0);
  counts.add('b', 1, 499);
  counts.add('c', 1, 501); // the landmark moves
  counts.add('d', 1, 1200); // and again: a is 2^-1200 of d, less than any double
  counts.add('e', 1, -1e9);
  expect([...counts.ranking(1200)]).toEqual([
    { itemId: 'd', score: 1 },
    { itemId: 'c', score: 2 ** -699 },
    { itemId: 'b', score: 2 ** -701 },
  ]);
});

test.each(Array.from({ length: 20 }, (_, i) => i + 1))('it equals the sum over all events (seed %i)', (seed) => {
  const { below, next, shuffled } = createDraws(seed);
  const halfLifeMs = 10 ** below(6);
  const events = Array.from({ length: 500 }, () => ({
    itemId: `i${Math.floor(40 * next() ** 2)}`,
    weight: 1 + below(3),
    timeMs: 1e12 + below(100 * halfLifeMs), // up to 100 half-lives apart
  }));
  const counts = new DecayedCounts(halfLifeMs, 40);
  for (const { itemId, weight, timeMs } of shuffled(events)) counts.add(itemId, weight, timeMs);
  const asOfMs = 1e12 + 100 * halfLifeMs;
  const oracle = new Map<string, number>();
  for (const { itemId, weight, timeMs } of events) {
    oracle.set(itemId, (oracle.get(itemId) ?? 0) + weight * 2 ** ((timeMs - asOfMs) / halfLifeMs));
  }
  const ranking = [...counts.ranking(asOfMs)];
  expect(ranking.map(({ itemId }) => itemId)).toEqual(
    [...oracle].sort(([a, x], [b, y]) => (Math.abs(x - y) > 1e-9 * (x + y) ? y - x : a < b ? -1 : 1)).map(([id]) => id),
  );
  for (const { itemId, score } of ranking) expect(score / oracle.get(itemId)!).toBeCloseTo(1, 9);
  const total = [...oracle.values()].reduce((a, b) => a + b, 0);
  expect(counts.total(asOfMs) / total).toBeCloseTo(1, 9);
});

test.each([1, 2, 3, 4, 5])(
  'beyond its capacity it forgets the lower half, and errs by no more than it says (seed %i)',
  (seed) => {
    const { next, below } = createDraws(seed);
    const capacity = 50;
    const counts = new DecayedCounts(1e6, capacity);
    const oracle = new Map<string, number>();
    for (let i = 0; i < 5000; i++) {
      // Half of the events are for ten items that matter; the others for one of a thousand.
      const itemId = next() < 0.5 ? `top${below(10)}` : `tail${below(1000)}`;
      counts.add(itemId, 1, 0);
      oracle.set(itemId, (oracle.get(itemId) ?? 0) + 1);
      expect(counts.size).toBeLessThanOrEqual(capacity);
    }
    const ranking = [...counts.ranking(0)];
    expect(new Set(ranking.slice(0, 10).map(({ itemId }) => itemId))).toEqual(
      new Set(Array.from({ length: 10 }, (_, i) => `top${i}`)),
    );
    // One that matters may be forgotten among the first 50, when it has come once or twice.
    for (const { itemId, score } of ranking.slice(0, 10)) expect(score).toBeGreaterThanOrEqual(oracle.get(itemId)! - 2);
    for (const { itemId, score } of ranking) expect(score).toBeLessThanOrEqual(oracle.get(itemId)!);
  },
);
