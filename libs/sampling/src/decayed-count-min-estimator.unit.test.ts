import { createRandom, hashIds, type Keys } from '@gatehouse/domain';

import { cellOf } from './cell-hash';
import { createDecayedCountMinEstimator } from './decayed-count-min-estimator';
import type { FrequencyEstimator } from './frequency-estimator';

const options = { cells: 1000, hashes: 4, halfLifeDraws: 1 };
const [x, y] = [hashIds(['x']), hashIds(['y'])];

describe('decayed count-min estimator', () => {
  it('matches a worked example with a half-life of one draw', () => {
    const estimator = createDecayedCountMinEstimator('frequency', options);
    expect(probability(estimator, x)).toBe(1 / 1000); // nothing drawn: one of 1000
    for (const key of [x, y, y, x]) estimator.observe(key); // weights 1, 2, 4, 8 of 15 in all
    expect(probability(estimator, x)).toBeCloseTo(9 / 15, 6);
    expect(probability(estimator, y)).toBeCloseTo(6 / 15, 6);
    expect(probability(estimator, hashIds(['z']))).toBe(1 / 1000); // less than 1 / (15 / 16 + 1)
  });

  it('gives an unseen key no more than one occurrence, where cells are few', () => {
    const estimator = createDecayedCountMinEstimator('frequency', { cells: 2, hashes: 1, halfLifeDraws: 1000 });
    const other = keyInOtherCell(x, 2);
    for (let n = 0; n < 99; n++) estimator.observe(x);
    // 99 draws at a half-life of 1000 weigh between 92 and 99 of the next one.
    expect(1 / probability(estimator, other)).toBeGreaterThan(93);
    expect(1 / probability(estimator, other)).toBeLessThan(101);
  });

  it('raises only the counters that are below the new count', () => {
    // x shares the cell of row 0 with a busy neighbour, whose count there must not rise with x: 90 to 10.
    const cells = 8;
    const busy = collidingOnlyInFirstRow(cells);
    const estimator = createDecayedCountMinEstimator('frequency', { cells, hashes: 2, halfLifeDraws: 1e6 });
    for (let i = 0; i < 100; i++) {
      for (let n = 0; n < 9; n++) estimator.observe(busy);
      estimator.observe(x);
    }
    expect(probability(estimator, x)).toBeCloseTo(0.1, 2);
    expect(probability(estimator, busy)).toBeCloseTo(0.9, 2);
  });

  it('lets what has stopped fade by half every half-life', () => {
    const estimator = createDecayedCountMinEstimator('frequency', { ...options, halfLifeDraws: 100 });
    for (let n = 0; n < 2000; n++) estimator.observe(n % 2 === 0 ? x : y);
    const before = probability(estimator, x);
    for (let n = 0; n < 300; n++) estimator.observe(y);
    expect(probability(estimator, x) / before).toBeCloseTo(1 / 8, 2);
  });

  it.each([1, 2, 3])('is unbiased, with the variance of an exponential mean (seed %i)', (seed) => {
    // a = 1 - 2^(-1/50) = .01377; variance q (1 - q) a / (2 - a) = .2 * .8 * .006931 = .001109, a deviation of .0333.
    const random = createRandom('stream', seed);
    const runs = 400;
    const found = Array.from({ length: runs }, () => {
      const estimator = createDecayedCountMinEstimator('frequency', { ...options, halfLifeDraws: 50 });
      for (let n = 0; n < 500; n++) estimator.observe(random.next() < 0.2 ? x : y);
      return probability(estimator, x);
    });
    const mean = found.reduce((sum, p) => sum + p, 0) / runs;
    const deviation = Math.sqrt(found.reduce((sum, p) => sum + (p - mean) ** 2, 0) / (runs - 1));
    expect(Math.abs(mean - 0.2) / (0.0333 / Math.sqrt(runs))).toBeLessThan(4);
    expect(Math.abs(deviation / 0.0333 - 1)).toBeLessThan(0.16); // a deviation of 400 runs is known to 3.5 %
  });

  it('goes on without a jump when its counters are scaled down', () => {
    const estimator = createDecayedCountMinEstimator('frequency', { ...options, halfLifeDraws: 10 });
    let largest = 0;
    for (let n = 0; n < 1000; n++) {
      const before = n > 200 ? probability(estimator, x) : 0.5; // 400 draws from one rescaling to the next
      estimator.observe(n % 2 === 0 ? x : y);
      if (n > 200) largest = Math.max(largest, Math.abs(probability(estimator, x) - before));
    }
    expect(largest).toBeLessThan(0.04); // a draw weighs 1 - 2^(-1/10) = .067, half of it either way
  });

  it('refuses a snapshot of another shape, though of equal size', () => {
    const saved = createDecayedCountMinEstimator('frequency', { ...options, cells: 2000, hashes: 2 }).snapshot();
    expect(() => createDecayedCountMinEstimator('frequency', options).restore(saved)).toThrow(
      'frequency: shape [hashes, cells]: expected [4,1000], found [2,2000]',
    );
  });

  it.each([
    ['cells', 0],
    ['cells', 1.5],
    ['hashes', 0],
    ['halfLifeDraws', 0],
    ['halfLifeDraws', NaN],
    ['halfLifeDraws', 5_000_000],
  ] as const)('refuses %s = %d', (option, value) => {
    expect(() => createDecayedCountMinEstimator('frequency', { ...options, [option]: value })).toThrow(
      new RegExp(`frequency: ${option}: expected .*, found ${value}`),
    );
  });
});

function probability(estimator: FrequencyEstimator, key: Keys): number {
  const p = new Float64Array(1);
  estimator.probability(key, p);
  return p[0];
}

function keyInOtherCell(key: Keys, cells: number): Keys {
  for (let i = 0; i < 1000; i++) {
    const other = hashIds([`other ${i}`]);
    if (cellOf(other[0], other[1], 0, cells) !== cellOf(key[0], key[1], 0, cells)) return other;
  }
  throw new Error('all keys share one cell');
}

/** A key that shares the cell of x in the first of two rows and not in the second. */
function collidingOnlyInFirstRow(cells: number): Keys {
  const shares = (key: Keys, row: number): boolean =>
    cellOf(key[0], key[1], row, cells) === cellOf(x[0], x[1], row, cells);
  for (let i = 0; i < 10_000; i++) {
    const key = hashIds([`neighbour ${i}`]);
    if (shares(key, 0) && !shares(key, 1)) return key;
  }
  throw new Error('no key shares a cell in one row only');
}
