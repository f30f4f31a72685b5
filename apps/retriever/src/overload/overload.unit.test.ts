import { answeredPerSecond, simulateOverload, tookMs } from './simulate-overload.fixture';

const engine = { bounds: { min: 4, initial: 16, max: 256 }, engineAtOnce: 8 };
const capacity = 8 / 0.05; // answers a second of 8 at once, 50 ms each
const seeds = [1, 2, 3];

test.each(seeds)(
  'ten times what the engine can do: nine tenths of that are answered, in time (seed %i)',
  async (seed) => {
    const [normal, flood] = await simulateOverload(
      seed,
      [
        { seconds: 5, ratePerSecond: capacity / 2, engineMs: 50 },
        { seconds: 12, ratePerSecond: 10 * capacity, engineMs: 50 },
      ],
      engine,
    );
    expect(answeredPerSecond(flood, 1, 10)).toBeGreaterThan(0.9 * capacity);
    expect(tookMs(flood, true, 0.99, 1)).toBeLessThan(2 * tookMs(normal, true, 0.99));
    expect(tookMs(flood, false, 0.99, 1)).toBeLessThan(5);
    expect(flood.limit).toBeLessThan(20); // it has not crept up with the work times that it caused itself
  },
);

test.each(seeds)('five seconds after the flood everybody is answered as before (seed %i)', async (seed) => {
  const phase = { ratePerSecond: capacity / 2, engineMs: 50 };
  const [normal, , after] = await simulateOverload(
    seed,
    [
      { seconds: 15, ...phase },
      { seconds: 10, ratePerSecond: 10 * capacity, engineMs: 50 },
      { seconds: 15, ...phase },
    ],
    engine,
  );
  expect(tookMs(after, false, 1, 5)).toBe(0); // nobody was turned away
  expect(tookMs(after, true, 0.99, 5)).toBeLessThan(1.3 * tookMs(normal, true, 0.99));
});

test.each(seeds)(
  'an engine that becomes slower, or quicker, for good is used in full again (seed %i)',
  async (seed) => {
    const [, slow, quick] = await simulateOverload(
      seed,
      [
        { seconds: 5, ratePerSecond: 2 * capacity, engineMs: 50 },
        { seconds: 20, ratePerSecond: 2 * capacity, engineMs: 200 },
        { seconds: 20, ratePerSecond: 4 * capacity, engineMs: 25 },
      ],
      engine,
    );
    expect(answeredPerSecond(slow, 10, 9)).toBeGreaterThan(0.9 * (8 / 0.2));
    expect(answeredPerSecond(quick, 10, 9)).toBeGreaterThan(0.9 * (8 / 0.025));
  },
);

test('a burst waits, and nobody is turned away', async () => {
  // 40 at once are five rounds of the engine.
  const [, burst] = await simulateOverload(
    1,
    [
      { seconds: 2, ratePerSecond: 20, engineMs: 10 },
      { seconds: 0.01, ratePerSecond: 4_000, engineMs: 10 },
      { seconds: 2, ratePerSecond: 20, engineMs: 10 },
    ],
    engine,
  );
  expect(burst.outcomes.every(({ isAnswered }) => isAnswered)).toBe(true);
});

test('bursts with pauses between them are let in every time, also after an overload', async () => {
  const burst = { seconds: 0.01, ratePerSecond: 6_400, engineMs: 10 }; // eight rounds of the engine
  const pause = { seconds: 0.99, ratePerSecond: 0.001, engineMs: 10 };
  const flood = { seconds: 2, ratePerSecond: 8_000, engineMs: 10 };
  const outcomes = await simulateOverload(1, [flood, pause, burst, pause, burst, pause, burst, pause], engine);
  for (const { outcomes: ofPhase } of outcomes.slice(2)) {
    expect(ofPhase.filter(({ isAnswered }) => !isAnswered)).toEqual([]);
  }
});

const wide = { ...engine, engineAtOnce: Infinity };

test.each([
  { ratePerSecond: 100, engineMs: 20, spread: 'exponential' as const },
  { ratePerSecond: 200, engineMs: 20, spread: 'exponential' as const },
  { ratePerSecond: 500, engineMs: 20, spread: 'exponential' as const },
  { ratePerSecond: 300, engineMs: 20, spread: 'few-long' as const },
])('work of very different lengths is no overload where nothing queues: %j', async (load) => {
  for (const seed of seeds) {
    const [, later] = await simulateOverload(
      seed,
      [
        { seconds: 5, ...load },
        { seconds: 10, ...load },
      ],
      wide,
    );
    const turnedAway = later.outcomes.filter(({ isAnswered }) => !isAnswered).length;
    expect(turnedAway / later.outcomes.length).toBeLessThan(0.01);
  }
});
