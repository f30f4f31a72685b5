import { createRandom, hashIds, type Keys } from '@gatehouse/domain';

import { cellOf } from './cell-hash';
import type { FrequencyEstimator } from './frequency-estimator';
import { createGapEstimator, type GapEstimatorOptions } from './gap-estimator';

const options: GapEstimatorOptions = { cells: 1000, hashes: 4, rate: 0.5 };
const [x, filler] = [hashIds(['x']), hashIds(['filler'])];

describe('gap estimator', () => {
  it('matches a worked example', () => {
    const estimator = createGapEstimator('frequency', options);
    expect(gapOf(estimator, x)).toBe(1000); // unseen: initialGap, by default the cells
    skip(estimator, 99);
    estimator.observe(x); // draw 100: no gap yet, and 100 draws had room for one occurrence
    expect(gapOf(estimator, x)).toBe(100);
    skip(estimator, 2000);
    expect(gapOf(estimator, x)).toBe(1000); // min(initialGap, draws)
    skip(estimator, 899);
    estimator.observe(x); // draw 3000: the first gap, 2900, taken whole
    expect(gapOf(estimator, x)).toBeCloseTo(2900, 3);
    skip(estimator, 1);
    estimator.observe(x); // gap 2: a_2 = .5 / (1 - .25) = 2/3, so B = 2900 / 3 + 2 * 2/3 = 968
    expect(gapOf(estimator, x)).toBeCloseTo(968, 3);
    skip(estimator, 6);
    estimator.observe(x); // gap 7: a_3 = .5 / (1 - .125) = 4/7, so B = 968 * 3/7 + 7 * 4/7 = 418.857
    expect(gapOf(estimator, x)).toBeCloseTo(418.857, 2);
  });

  it('holds E[1 / p] = 1 / q from the first gap on, for an item that joins late', () => {
    const [q, runs, rate] = [0.05, 1000, 0.1];
    const random = createRandom('stream', 1);
    const sightings = [2, 3, 6, 12];
    const gaps = sightings.map(() => new Float64Array(runs));
    for (let run = 0; run < runs; run++) {
      const estimator = createGapEstimator('frequency', { cells: 64, hashes: 2, rate });
      skip(estimator, 200);
      for (let seen = 0; seen < 12;) {
        const hit = random.next() < q;
        estimator.observe(hit ? x : filler);
        if (!hit) continue;
        seen++;
        const at = sightings.indexOf(seen);
        if (at >= 0) gaps[at][run] = gapOf(estimator, x);
      }
    }
    for (const [at, sample] of gaps.entries()) {
      const z = zScore(sample, 1 / q);
      expect({ seen: sightings[at], unbiased: Math.abs(z) < 4 }).toEqual({ seen: sightings[at], unbiased: true });
    }
  });

  it.each([1, 2, 3])('equals the exponentially weighted mean of all gaps (seed %i)', (seed) => {
    const [random, rate] = [createRandom('gaps', seed), 0.05];
    const estimator = createGapEstimator('frequency', { ...options, rate });
    estimator.observe(x);
    let [weighted, weight] = [0, 0]; // sums of (1-a)^(n-k) gap_k and of (1-a)^(n-k)
    for (let n = 1; n <= 100; n++) {
      const gap = 1 + random.below(50);
      skip(estimator, gap - 1);
      estimator.observe(x);
      weighted = (1 - rate) * weighted + gap;
      weight = (1 - rate) * weight + 1;
      expect(gapOf(estimator, x) / (weighted / weight)).toBeCloseTo(1, 5);
    }
  });

  it('settles at the constant rate', () => {
    const estimator = createGapEstimator('frequency', { ...options, rate: 0.25 });
    for (let i = 0; i < 200; i++) {
      skip(estimator, 9);
      estimator.observe(x);
    }
    expect(gapOf(estimator, x)).toBeCloseTo(10, 4);
    skip(estimator, 17);
    estimator.observe(x); // gap 18: 10 + .25 * (18 - 10) = 12
    expect(gapOf(estimator, x)).toBeCloseTo(12, 4);
  });

  it('lets the largest gap win where a neighbour shares a cell', () => {
    const cells = 8;
    const busy = collidingOnlyInRow(0, cells);
    const estimator = createGapEstimator('frequency', { cells, hashes: 2, rate: 0.5 });
    for (let i = 0; i < 100; i++) {
      for (let n = 0; n < 9; n++) estimator.observe(busy);
      estimator.observe(x); // every 10th draw; its cell in row 0 is hit at every draw
    }
    expect(gapOf(estimator, x)).toBeCloseTo(10, 3);
    expect(gapOf(createShared(estimator, cells), x)).toBeCloseTo(1, 3); // what row 0 alone would say
  });

  it('knows probabilities below any fixed floor', () => {
    const estimator = createGapEstimator('frequency', { cells: 64, hashes: 1, rate: 0.01 });
    const { tensors, metadata } = structuredClone(estimator.snapshot());
    tensors['clock'].data[0] = 5e9; // beyond 32 bits
    estimator.restore({ tensors, metadata });
    estimator.observe(x);
    const later = structuredClone(estimator.snapshot());
    later.tensors['clock'].data[0] = 9e9;
    estimator.restore(later);
    estimator.observe(x);
    expect(gapOf(estimator, x) / 4e9).toBeCloseTo(1, 6); // p = 2.5e-10
  });

  it('refuses a snapshot of another shape, though of equal size', () => {
    const saved = createGapEstimator('frequency', { ...options, cells: 2000, hashes: 2 }).snapshot();
    expect(() => createGapEstimator('frequency', options).restore(saved)).toThrow(
      'frequency: shape [hashes, cells]: expected [4,1000], found [2,2000]',
    );
  });

  it.each([
    ['cells', 0],
    ['cells', 1.5],
    ['hashes', 0],
    ['rate', 0],
    ['rate', 1],
    ['rate', NaN],
    ['initialGap', 0],
    ['initialGap', Infinity],
  ] as const)('refuses %s = %d', (option, value) => {
    expect(() => createGapEstimator('frequency', { ...options, [option]: value })).toThrow(
      new RegExp(`frequency: ${option}: expected .*, found ${value}`),
    );
  });
});

function gapOf(estimator: FrequencyEstimator, key: Keys): number {
  const p = new Float64Array(1);
  estimator.probability(key, p);
  return 1 / p[0];
}

function skip(estimator: FrequencyEstimator, draws: number): void {
  for (let i = 0; i < draws; i++) estimator.observe(filler);
}

function zScore(sample: Float64Array, expected: number): number {
  const mean = sample.reduce((sum, value) => sum + value, 0) / sample.length;
  const variance = sample.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (sample.length - 1);
  return (mean - expected) / Math.sqrt(variance / sample.length);
}

/** A key that shares the cell of x in one of two rows and not in the other. */
function collidingOnlyInRow(row: number, cells: number): Keys {
  const shares = (key: Keys, inRow: number): boolean =>
    cellOf(key[0], key[1], inRow, cells) === cellOf(x[0], x[1], inRow, cells);
  for (let i = 0; i < 10_000; i++) {
    const key = hashIds([`neighbour ${i}`]);
    if (shares(key, row) && !shares(key, 1 - row)) return key;
  }
  throw new Error('no key shares a cell in one row only');
}

/** The first row of a two-row estimator, as an estimator of its own. */
function createShared(estimator: FrequencyEstimator, cells: number): FrequencyEstimator {
  const { tensors } = structuredClone(estimator.snapshot());
  const firstRow = createGapEstimator('frequency', { cells, hashes: 1, rate: 0.5 });
  const own = firstRow.snapshot().tensors;
  for (const name of Object.keys(own)) own[name].data.set(tensors[name].data.subarray(0, own[name].data.length));
  return firstRow;
}
