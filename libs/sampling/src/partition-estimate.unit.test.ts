import { createRandom, hashIds } from '@gatehouse/domain';

import { drawItems } from './draw-items.fixture';
import type { FrequencyEstimator } from './frequency-estimator';
import { createNegativeMixer } from './negative-mixer';
import { createRecentPositives } from './recent-positives';

/**
 * The law of the mixer: over the shared candidates of row i, without its own slot and without other occurrences of its positive,
 * `sum exp(s_j) / Q_j` estimates `sum over items j != positive of exp(s_j)` without bias, whatever the sources.
 */

// Item 3 is drawn by the stream and not in the catalogue; item 5 is in the catalogue and (all but) never in the stream.
const p = Float64Array.of(0.4, 0.25, 0.15, 0.12, 0.08, 1e-12);
const catalogue = [0, 1, 2, 4, 5];
const expScore = Float64Array.of(1, 0.2, -0.5, 0.7, 0, 1.3).map(Math.exp);
const keys = hashIds(Array.from(p, (_, item) => idOf(item)));
const batch = 8;
const batches = 3000;

/** What the last positives are, however the stream goes now: item 0 six times, 2 once, 4 three times. */
const recentItems = [0, 0, 0, 0, 0, 0, 2, 4, 4, 4];

interface Sources {
  readonly inBatch: boolean;
  readonly uniform: number;
  readonly popularity: number;
  readonly memory: number;
}

/** One row: the items of its shared candidates and the mixer's log Q of each; `drawn` marks what is not of the batch. */
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
  'forgets the memory': (row, { uniform, popularity }) =>
    sumOver(row, ({ item }) => expScore[item] / ((batch - 1) * p[item] + fixedCount(item, uniform, popularity))),
  'takes the stream for the recent positives': (row, sources) =>
    sumOver(row, ({ item }) => {
      const streamCount = (streamDraws(sources) + sources.popularity) * p[item];
      return expScore[item] / (streamCount + fixedCount(item, sources.uniform, 0));
    }),
  'counts an item that occurs several times once': (row) =>
    corrected({ ...row, candidates: [...new Map(row.candidates.map((each) => [each.item, each])).values()] }, mixture),
  'normalises Q to a probability': (row, { uniform, popularity, memory }) =>
    corrected(row, none) * (batch - 1 + uniform + popularity + memory),
  'counts the own slot': (row, sources) =>
    sumOver(row, ({ item }) => {
      const streamCount = (streamDraws(sources) + 1) * p[item];
      return expScore[item] / (streamCount + fixedCount(item, sources.uniform, sources.popularity));
    }),
  'holds p up by a floor': (row, { uniform, popularity, memory }) =>
    sumOver(
      row,
      ({ item }) =>
        expScore[item] / ((batch - 1 + memory) * Math.max(p[item], 0.1) + fixedCount(item, uniform, popularity)),
    ),
};

function streamDraws({ inBatch, memory }: Sources): number {
  return (inBatch ? batch - 1 : 0) + memory;
}

/** Expected draws of an item by the sources whose distribution is known. */
function fixedCount(item: number, uniform: number, popularity: number): number {
  const share = recentItems.filter((recent) => recent === item).length / recentItems.length;
  return (catalogue.includes(item) ? uniform / catalogue.length : 0) + popularity * share;
}

const none: Sources = { inBatch: false, uniform: 0, popularity: 0, memory: 0 };
const mixture: Sources = { inBatch: true, uniform: 6, popularity: 5, memory: 4 };
const everySource: [string, Sources][] = [
  ['in-batch', { ...none, inBatch: true }],
  ['uniform', { ...none, uniform: 6 }],
  ['popular', { ...none, popularity: 6 }],
  ['memory', { ...none, memory: 9 }],
  ['mixed negative sampling', { ...none, inBatch: true, uniform: batch }],
  ['all', mixture],
];

describe.each(everySource)('partition estimate, negatives: %s', (_, sources) => {
  it.each([1, 2, 3, 4])('is unbiased (seed %i)', (seed) => {
    expect(Math.abs(biasInStandardErrors(corrected, sources, seed))).toBeLessThan(4);
  });
});

/** The sources that show a mistake best, where it is small beside all of them together. */
const shownBy: Readonly<Record<string, Sources>> = {
  'counts the own slot': { ...none, inBatch: true },
  'takes the stream for the recent positives': { ...none, popularity: 6 },
};

describe('partition estimate', () => {
  it.each(Object.keys(broken))('is visibly biased when it %s', (mistake) => {
    const bias = biasInStandardErrors(broken[mistake], shownBy[mistake] ?? mixture, 5);
    expect(Math.abs(bias)).toBeGreaterThan(6);
  });
});

/** Mean error over many batches in standard errors. Rows of one batch share draws, so the unit is the mean of a batch. */
function biasInStandardErrors(estimate: Estimate, sources: Sources, seed: number): number {
  const random = createRandom('stream', seed);
  const recent = createRecentPositives('recent', recentItems.length);
  recent.add(recentItems.map(idOf));
  const memory = { itemIds: [] as string[] };
  const mixer = createNegativeMixer({
    estimator,
    random: createRandom('negatives', seed),
    inBatch: sources.inBatch,
    uniform: sources.uniform,
    popularity: { draws: sources.popularity, from: recent },
    memory,
  });
  const live = { items: catalogue.map((item) => ({ itemId: idOf(item) })), has: (id: string) => isLive.has(id) };
  let [sum, squares] = [0, 0];
  for (let n = 0; n < batches; n++) {
    const positives = drawItems(p, batch, random);
    const remembered = [...drawItems(p, sources.memory, random)]; // draws of the stream, as of an earlier batch
    memory.itemIds = remembered.map(idOf);
    const { draws, logQ } = mixer.mix(Array.from(positives, idOf), live);
    const items = [...positives, ...draws.map((id) => Number(id.slice(5))), ...remembered];
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
function partition(positive: number, { inBatch, uniform, popularity, memory }: Sources): number {
  return expScore.reduce((sum, term, item) => {
    const reachable =
      ((inBatch || memory > 0) && p[item] > 1e-9) ||
      (uniform > 0 && catalogue.includes(item)) ||
      (popularity > 0 && recentItems.includes(item));
    return reachable && item !== positive ? sum + term : sum;
  }, 0);
}

function idOf(item: number): string {
  return `item ${item}`;
}

const isLive = new Set(catalogue.map(idOf));
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
