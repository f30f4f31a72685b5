import { createRandom, hashIds, type Keys } from '@gatehouse/domain';

import { createFrequencyEstimator, type FrequencyEstimatorOptions } from '../src';
import { createAliasSampler } from './alias-sampler';
import { halfL1 } from './half-l1';

/** Figures of one estimator on a large catalogue. */
export interface LargeCatalogueResult {
  readonly halfL1: number;
  /** Mean of |log(estimate / truth)| over the draws of each band: what log Q is off by where the candidates are. */
  readonly logError: Readonly<Record<'head' | 'torso' | 'tail', number>>;
  /** Medians of blocks of draws. */
  readonly observesPerSecond: number;
  readonly readsPerSecond: number;
}

/** A stream over a large catalogue. */
export interface LargeCatalogue {
  readonly keys: Keys;
  readonly truth: Float64Array;
  /** Items drawn, in order. */
  readonly draws: Int32Array;
}

/** Ranks up to which a band goes. */
const bands = { head: 1_000, torso: 100_000, tail: Infinity } as const;
const blockDraws = 100_000;

/** Zipf(1) over `items` ids and a stream of draws. */
export function createLargeCatalogue(items: number, draws: number, seed: number): LargeCatalogue {
  const weights = Float64Array.from({ length: items }, (_, i) => 1 / (i + 1));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const truth = weights.map((weight) => weight / total);
  const draw = createAliasSampler(truth, createRandom('zipf', seed));
  return {
    keys: hashIds(Array.from(truth, (_, item) => `item ${item}`)),
    truth,
    draws: new Int32Array(draws).map(draw),
  };
}

/** Feeds an estimator with the stream and reads it at the items of the last block of draws, as a batch would. */
export function measureLargeCatalogue(
  options: FrequencyEstimatorOptions,
  { keys, truth, draws }: LargeCatalogue,
): LargeCatalogueResult {
  const estimator = createFrequencyEstimator('frequency', options);
  const block = new Uint32Array(2 * blockDraws);
  const p = new Float64Array(blockDraws);
  const [observeRates, readRates]: [number[], number[]] = [[], []];
  const load = (from: number): void => {
    for (let n = 0; n < blockDraws; n++) {
      const item = draws[from + n];
      block[2 * n] = keys[2 * item];
      block[2 * n + 1] = keys[2 * item + 1];
    }
  };
  for (let from = 0; from + blockDraws <= draws.length; from += blockDraws) {
    load(from);
    observeRates.push(rate(() => estimator.observe(block)));
  }
  for (let run = 0; run < 5; run++) readRates.push(rate(() => estimator.probability(block, p)));
  const last = draws.subarray(draws.length - blockDraws);
  const errors = { head: [0, 0], torso: [0, 0], tail: [0, 0] };
  last.forEach((item, n) => {
    const band = item < bands.head ? errors.head : item < bands.torso ? errors.torso : errors.tail;
    band[0] += Math.abs(Math.log(p[n] / truth[item]));
    band[1]++;
  });
  const mean = ([sum, count]: readonly number[]): number => sum / Math.max(1, count);
  return {
    halfL1: halfL1(estimator, keys, truth),
    logError: { head: mean(errors.head), torso: mean(errors.torso), tail: mean(errors.tail) },
    observesPerSecond: median(observeRates),
    readsPerSecond: median(readRates),
  };
}

function rate(work: () => void): number {
  const began = performance.now();
  work();
  return (1000 * blockDraws) / (performance.now() - began);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}
