import { createRandom, hashIds } from '@gatehouse/domain';

import { drawItems } from './draw-items.fixture';
import type { FrequencyEstimator } from './frequency-estimator';
import { createNegativeMixer } from './negative-mixer';

/**
 * The law of the mixer: over the shared candidates of row i, without its own slot and without other occurrences of its positive,
 * `sum exp(s_j) / Q_j` estimates `sum over items j != positive of exp(s_j)` without bias, whatever the sources.
 */

// Item 3 is drawn by the stream and not in the catalogue; item 5 is in the catalogue and (all but) never in the stream.
const p = Float64Array.of(0.4, 0.25, 0.15, 0.12, 0.08, 1e-12);
const catalogue = [0, 1, 2, 4, 5];
const expScore = Float64Array.of(1, 0.2, -0.5, 0.7, 0, 1.3).map(Math.exp);
const keys = hashIds(Array.from(p, (_, item) => `item ${item}`));
const batch = 8;
const batches = 3000;

interface Sources {
  readonly inBatch: boolean;
  readonly uniform: number;
}

/** One row: the items of its shared candidates and the mixer's log Q of each; `drawn` marks uniform draws. */
interface Shared {
  readonly positive: number;
  readonly candidates: readonly { readonly item: number; readonly logQ: number; readonly drawn: boolean }[];
}

type Estimate = (row: Shared, sources: Sources) => number;

const sumOver = (row: Shared, term: (candidate: Shared['candidates'][number]) => number): number =>
  row.candidates.reduce((sum, candidate) => sum + (candidate.item === row.positive ? 0 : term(candidate)), 0);

const corrected: Estimate = (row) => sumOver(row, ({ item, logQ }) => expScore[item] * Math.exp(-logQ));

/** What other systems got wrong. */
const broken: Readonly<Record<string, Estimate>> = {
  'adds the correction': (row) => sumOver(row, ({ item, logQ }) => expScore[item] * Math.exp(logQ)),
  'does not correct': (row) => sumOver(row, ({ item }) => expScore[item]),
  'uses the in-batch Q for all': (row) => sumOver(row, ({ item }) => expScore[item] / ((batch - 1) * p[item])),
  'uses the Q of the source that drew it': (row, { uniform }) =>
    sumOver(row, ({ item, drawn }) => expScore[item] / (drawn ? uniform / catalogue.length : (batch - 1) * p[item])),
  'counts an item that occurs several times once': (row) =>
    corrected({ ...row, candidates: [...new Map(row.candidates.map((each) => [each.item, each])).values()] }, mixture),
  'normalises Q to a probability': (row, { uniform }) => corrected(row, mixture) * (batch - 1 + uniform),
  'counts the own slot': (row, { uniform }) =>
    sumOver(row, ({ item }) => expScore[item] / (batch * p[item] + (item === 3 ? 0 : uniform / catalogue.length))),
};

const mixture: Sources = { inBatch: true, uniform: 6 };
const everySource: [string, Sources][] = [
  ['in-batch', { inBatch: true, uniform: 0 }],
  ['uniform', { inBatch: false, uniform: 6 }],
  ['both', mixture],
];

describe.each(everySource)('partition estimate, negatives: %s', (_, sources) => {
  it.each([1, 2, 3, 4])('is unbiased (seed %i)', (seed) => {
    expect(Math.abs(biasInStandardErrors(corrected, sources, seed))).toBeLessThan(4);
  });
});

describe('partition estimate', () => {
  it.each(Object.keys(broken))('is visibly biased when it %s', (mistake) => {
    expect(Math.abs(biasInStandardErrors(broken[mistake], mixture, 5))).toBeGreaterThan(6);
  });
});

/** Mean error over many batches in standard errors. Rows of one batch share draws, so the unit is the mean of a batch. */
function biasInStandardErrors(estimate: Estimate, sources: Sources, seed: number): number {
  const random = createRandom('stream', seed);
  const mixer = createNegativeMixer({ estimator, random: createRandom('negatives', seed), ...sources });
  const catalogueKeys = keysOf(catalogue);
  let [sum, squares] = [0, 0];
  for (let n = 0; n < batches; n++) {
    const positives = drawItems(p, batch, random);
    const { draws, logQ } = mixer.mix({
      positiveKeys: keysOf(positives),
      positiveInCatalogue: Uint8Array.from(positives, (item) => Number(catalogue.includes(item))),
      catalogueKeys,
    });
    const items = [...positives, ...Array.from(draws, (position) => catalogue[position])];
    const slots = items.map((item, slot) => ({ item, slot, logQ: logQ[slot], drawn: slot >= batch }));
    const shared = slots.filter(({ drawn }) => drawn || sources.inBatch);
    let error = 0;
    for (const [i, positive] of positives.entries()) {
      const candidates = shared.filter(({ slot }) => slot !== i);
      error += (estimate({ positive, candidates }, sources) - partition(positive, sources)) / batch;
    }
    sum += error;
    squares += error ** 2;
  }
  const mean = sum / batches;
  const variance = (squares - batches * mean ** 2) / (batches - 1);
  return mean / Math.sqrt(variance / batches);
}

/** Sum of exp(s_j) over the items other than the positive that some source can draw. */
function partition(positive: number, { inBatch, uniform }: Sources): number {
  return expScore.reduce((sum, term, item) => {
    const reachable = (inBatch && p[item] > 1e-9) || (uniform > 0 && catalogue.includes(item));
    return reachable && item !== positive ? sum + term : sum;
  }, 0);
}

function keysOf(items: ArrayLike<number>): Uint32Array {
  return Uint32Array.from({ length: 2 * items.length }, (_, i) => keys[2 * items[i >> 1] + (i & 1)]);
}

const itemOf = new Map(Array.from(p, (_, item) => [keys[2 * item], item]));

/** Knows p. */
const estimator: FrequencyEstimator = {
  name: 'known',
  observe: () => undefined,
  probability: (asked, out) => {
    for (let i = 0; i < out.length; i++) out[i] = p[itemOf.get(asked[2 * i])!];
  },
  snapshot: () => ({ tensors: {}, metadata: null }),
  restore: () => undefined,
};
