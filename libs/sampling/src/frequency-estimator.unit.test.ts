import { createRandom, hashIds, type Keys } from '@gatehouse/domain';

import { createFrequencyEstimator, type FrequencyEstimatorOptions } from './create-frequency-estimator';
import { drawItems, zipf } from './draw-items.fixture';
import type { FrequencyEstimator } from './frequency-estimator';

const items = 200;
const draws = 100_000;
const truth = zipf(items);

/** Errors are half the L1 distance between the estimated and the true probabilities of all items. */
interface UnderTest {
  readonly options: FrequencyEstimatorOptions;
  /** Error after 100,000 draws from 200 Zipf items. */
  readonly settledError: number;
  /** Error this many draws after the probabilities were reversed; null for an estimator that never forgets. */
  readonly reversal: { readonly draws: number; readonly error: number } | null;
}

const UNDER_TEST: UnderTest[] = [
  {
    // An EMA of geometric gaps has relative noise sqrt(a / (2 - a)) = .071, so half the L1 distance is .071 * sqrt(2 / pi) / 2 = .028
    // for items with many gaps; the rarest has about 85. The rest of the bound is for those and for chance.
    options: { kind: 'gap', cells: 500, hashes: 4, rate: 0.01 },
    settledError: 0.05,
    reversal: { draws: 50_000, error: 0.12 },
  },
  {
    options: { kind: 'gap', cells: 500, hashes: 4, rate: 0.02 }, // noise .1005, so .040
    settledError: 0.06,
    reversal: { draws: 50_000, error: 0.09 },
  },
  {
    // a = 1 - 2^(-1/20000) = 3.47e-5; sqrt(a / pi) / 2 * sum sqrt(p) = .00332 / 2 * 11.1 = .018. Collisions add at most a few items
    // of 200 in 4 x 500 counters. After five half-lives the old probabilities weigh 1/32 of their distance of .75: .024 more.
    options: { kind: 'decayed-count-min', cells: 500, hashes: 4, halfLifeDraws: 20_000 },
    settledError: 0.03,
    reversal: { draws: 100_000, error: 0.06 },
  },
  {
    options: { kind: 'decayed-count-min', cells: 500, hashes: 4, halfLifeDraws: 5_000 }, // noise .037, and nothing left of before
    settledError: 0.055,
    reversal: { draws: 50_000, error: 0.055 },
  },
  {
    // E|count / n - p| = sqrt(2 p / (pi n)); with sum sqrt(p) = 11.1 half the sum is .5 * 11.1 * sqrt(2 / (pi 1e5)) = .014.
    options: { kind: 'exact' },
    settledError: 0.02,
    reversal: null,
  },
];

describe.each(UNDER_TEST)('frequency estimator $options', ({ options, settledError }) => {
  const create = (): FrequencyEstimator => createFrequencyEstimator('frequency', options);

  it.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])('settles on a Zipf stream, items labelled anew (seed %i)', (seed) => {
    const { estimator, keys } = settled(create(), seed);
    expect(halfL1(read(estimator, keys), truth)).toBeLessThan(settledError);
  });

  it('counts every occurrence within a batch as a draw', () => {
    const estimator = create();
    const batch = hashIds(['a', 'a', 'a', 'b']);
    for (let i = 0; i < 500; i++) estimator.observe(batch);
    const [a, b] = read(estimator, hashIds(['a', 'b']));
    expect(a).toBeCloseTo(3 / 4, 2);
    expect(b).toBeCloseTo(1 / 4, 2);
  });

  it.each([1, 2, 3])('does not depend on how the stream is cut into batches (seed %i)', (seed) => {
    const random = createRandom('cuts', seed);
    const stream = drawItems(truth, 500, random);
    const [cut, whole] = [create(), create()];
    whole.observe(keysOf(stream));
    for (let from = 0; from < stream.length;) {
      const to = from + random.below(20); // some batches are empty
      cut.observe(keysOf(stream.subarray(from, to)));
      from = to;
    }
    expect(cut.snapshot()).toEqual(whole.snapshot());
  });

  it('gives an unseen key a positive probability, before and after the first draws', () => {
    const estimator = create();
    const unseen = hashIds(['never']);
    expect(read(estimator, unseen)[0]).toBeGreaterThan(0);
    const { estimator: later } = settled(estimator, 6);
    expect(read(later, unseen)[0]).toBeGreaterThan(0);
    expect(read(later, unseen)[0]).toBeLessThan(truth[10]);
  });

  it('changes nothing when it is read', () => {
    const { estimator, keys } = settled(create(), 7);
    const before = structuredClone(estimator.snapshot());
    const first = read(estimator, keys);
    expect(read(estimator, keys)).toEqual(first);
    expect(estimator.snapshot()).toEqual(before);
  });

  it('goes on from a snapshot as if it had never stopped', () => {
    const { estimator, keys } = settled(create(), 8);
    const resumed = create();
    resumed.observe(hashIds(['state', 'of', 'before'])); // restoring replaces it
    resumed.restore(structuredClone(estimator.snapshot()));
    const probes = Uint32Array.of(...keys, ...hashIds(['never', 'state']));
    expect(read(resumed, probes)).toEqual(read(estimator, probes));
    const more = streamOf(keys, truth.toReversed(), 5000, 9);
    estimator.observe(more);
    resumed.observe(more);
    expect(read(resumed, probes)).toEqual(read(estimator, probes));
  });

  it('keeps its own state apart from a snapshot that it restored', () => {
    const { estimator, keys } = settled(create(), 10);
    const saved = structuredClone(estimator.snapshot());
    const resumed = create();
    resumed.restore(saved);
    resumed.observe(keys);
    expect(saved).toEqual(estimator.snapshot());
  });

  it('refuses the snapshot of something else, by name', () => {
    expect(() => create().restore({ tensors: {}, metadata: null })).toThrow(/frequency: .* expected .*, found/);
  });
});

describe.each(UNDER_TEST.filter(({ reversal }) => reversal !== null))('frequency estimator $options', (entry) => {
  it.each([1, 2, 3])('follows a reversal of all probabilities (seed %i)', (seed) => {
    const { estimator, keys } = settled(createFrequencyEstimator('frequency', entry.options), seed);
    const reversed = truth.toReversed();
    estimator.observe(streamOf(keys, reversed, entry.reversal!.draws, seed + 100));
    expect(halfL1(read(estimator, keys), reversed)).toBeLessThan(entry.reversal!.error);
  });
});

/** Feeds an estimator with the Zipf stream under labels that the seed chooses. */
function settled(estimator: FrequencyEstimator, seed: number): { estimator: FrequencyEstimator; keys: Keys } {
  const keys = hashIds(Array.from(truth, (_, i) => `seed ${seed} item ${i}`));
  estimator.observe(streamOf(keys, truth, draws, seed));
  return { estimator, keys };
}

function streamOf(keys: Keys, probabilities: Float64Array, count: number, seed: number): Keys {
  const stream = new Uint32Array(2 * count);
  for (const [t, item] of drawItems(probabilities, count, createRandom('stream', seed)).entries()) {
    stream.set(keys.subarray(2 * item, 2 * item + 2), 2 * t);
  }
  return stream;
}

function keysOf(items: Int32Array): Keys {
  return hashIds(Array.from(items, (item) => `item ${item}`));
}

function read(estimator: FrequencyEstimator, keys: Keys): Float64Array {
  const p = new Float64Array(keys.length / 2);
  estimator.probability(keys, p);
  return p;
}

function halfL1(estimate: Float64Array, expected: Float64Array): number {
  return estimate.reduce((sum, p, i) => sum + Math.abs(p - expected[i]), 0) / 2;
}
