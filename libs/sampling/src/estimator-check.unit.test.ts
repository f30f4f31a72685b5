import { createRandom, hashIds, type Keys } from '@gatehouse/domain';

import { drawItems, zipf } from './draw-items.fixture';
import { createEstimatorCheck, type EstimatorError } from './estimator-check';

const truth = zipf(100);
const keys = hashIds(Array.from(truth, (_, item) => `i${item}`));
const itemOf = new Map(Array.from(truth, (_, item) => [keys[2 * item], item]));

/** An estimator that says `of(p)` for an item of true probability p. */
function knowing(of: (p: number) => number): { probability(asked: Keys, out: Float64Array): void } {
  return {
    probability: (asked, out) => {
      for (let i = 0; i < out.length; i++) out[i] = of(truth[itemOf.get(asked[2 * i])!]);
    },
  };
}

function measured(of: (p: number) => number, seed: number, windowDraws = 10_000): EstimatorError {
  const check = createEstimatorCheck('check', knowing(of), windowDraws);
  const draws = drawItems(truth, 15_000, createRandom('stream', seed));
  check.observe(Array.from(draws, (item) => `i${item}`));
  return check.measure()!;
}

describe('estimator check', () => {
  it.each([1, 2, 3, 4, 5])('finds no more than the noise of its window in the truth (seed %i)', (seed) => {
    const { halfL1, expectedNoise, logBias } = measured((p) => p, seed);
    // sum sqrt(p) = 8.16 for these 100 items, so the noise is 8.16 * sqrt(2 / (pi 1e4)) / 2 = .0326.
    expect(expectedNoise).toBeCloseTo(0.0326, 3);
    expect(Math.abs(halfL1 / expectedNoise - 1)).toBeLessThan(0.35); // 100 terms of relative spread .76: 7.6 %, some of them alike
    expect(Math.abs(logBias)).toBeLessThan(0.02);
  });

  it('shows an estimate that is twice the truth: half the distance is a half, log Q is off by log 2', () => {
    const { halfL1, logBias } = measured((p) => 2 * p, 6);
    expect(halfL1).toBeCloseTo(0.5, 1);
    expect(logBias).toBeCloseTo(Math.log(2), 1);
  });

  it('shows a floor under p', () => {
    // Items of p < .01 are held up to .01: with H_100 = 5.187 those of rank 20 and more, 81 of them. They rise by
    // .81 - (H_100 - H_19) / 5.187 = .81 - .316 = .494 in sum, and half of it is .247.
    const { halfL1, logBias } = measured((p) => Math.max(p, 0.01), 7);
    expect(halfL1).toBeGreaterThan(0.22);
    expect(halfL1).toBeLessThan(0.29);
    expect(logBias).toBeGreaterThan(0.1);
  });

  it('knows nothing before the first draw, and goes on from a snapshot', () => {
    const check = createEstimatorCheck(
      'check',
      knowing((p) => p),
      50,
    );
    expect(check.measure()).toBeUndefined();
    check.observe(['i1', 'i2', 'i1']);
    const resumed = createEstimatorCheck(
      'check',
      knowing((p) => p),
      50,
    );
    resumed.restore(structuredClone(check.snapshot()));
    expect(resumed.measure()).toEqual(check.measure());
  });
});
