import { createRandom, type Random } from '@gatehouse/domain';
import type { RowLossSpec } from '@gatehouse/schema';

import { numericGradient } from '../numeric-gradient.fixture';
import { backendsUnderTest, useBackend } from '../use-backend.fixture';
import { lossSpec, UNDER_TEST } from './losses-under-test.fixture';
import { plainLoss, type PlainLossInput } from './plain-loss.fixture';
import { type LossRun, runLoss } from './run-loss.fixture';

/*
 * The law of the mixtures: as candidates grow, loss and gradient approach those over the whole catalogue, whatever the sources, when
 * log Q is that of all of them. To first order the error of the loss is the sum over draws of the influence of the drawn item, so its
 * standard error is sqrt(sum over sources s of n_s Var_s[influence]), which falls like 1 / sqrt(draws).
 *   softmax: with Z the sum of exp(x_j) over the items other than the positive, P = exp(x_i): exp(x_j) / Q_j / (Z + P), or / Z without
 *   the positive in the denominator;
 *   means over the catalogue of N items with values f_j and mean F: (f_j - F) / Q_j / N, the linear part of a ratio.
 */

const items = 30;
const dimension = 2;
const temperature = 0.5;
const runs = 60;
const normalised = (weights: readonly number[]): number[] => {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
};
const zipf = normalised(Array.from({ length: items }, (_, j) => 1 / (j + 1)));
const uniform = zipf.map(() => 1 / items);
/** What was popular lately, which is not what the stream brings now. */
const recent = normalised(zipf.map((p, j) => p + (j % 3 === 0 ? 0.05 : 0)));

/** Shares of the draws, by source. */
interface Mix {
  readonly name: string;
  readonly inBatch: number;
  readonly uniform: number;
  readonly popular: number;
  readonly memory: number;
}
const none = { inBatch: 0, uniform: 0, popular: 0, memory: 0 };
const mixes: readonly Mix[] = [
  { ...none, name: 'in-batch', inBatch: 1 },
  { ...none, name: 'uniform', uniform: 1 },
  { ...none, name: 'popular', popular: 1 },
  { ...none, name: 'memory', memory: 1 },
  { name: 'all of them', inBatch: 0.25, uniform: 0.25, popular: 0.25, memory: 0.25 },
];

interface World {
  readonly query: number[];
  readonly catalogue: readonly number[][];
  readonly positive: number;
}

function createWorld(): World {
  const random = createRandom('limits', 17);
  const vector = (): number[] => Array.from({ length: dimension }, () => 2 * random.next() - 1);
  return { query: vector(), catalogue: Array.from({ length: items }, vector), positive: 2 };
}

const frame = {
  hard: [[]],
  teacher: [[NaN]],
  weights: [1],
  temperature,
  similarity: 'dot' as const,
  inBatch: false,
};

/** The loss of the query over the whole catalogue, each item once. */
function fullLoss(spec: RowLossSpec, { query, catalogue, positive }: World): number {
  return plainLoss({
    ...frame,
    queries: [query],
    candidates: [catalogue[positive], ...catalogue],
    logQ: new Array<number>(items + 1).fill(0),
    itemCodes: [positive, ...catalogue.keys()],
    loss: lossSpec(spec, [dimension]),
  });
}

/** The query against one sample; the other rows of the batch weigh nothing. */
function sampled(
  spec: RowLossSpec,
  world: World,
  draws: readonly (readonly number[])[],
  logQ: readonly number[],
): LossRun {
  const [inBatch, ...others] = draws;
  const itemCodes = [world.positive, ...inBatch, ...others.flat()];
  const input: PlainLossInput = {
    ...frame,
    queries: [world.query, ...inBatch.map(() => [0, 0])],
    candidates: itemCodes.map((item) => world.catalogue[item]),
    logQ: itemCodes.map((item) => logQ[item]),
    itemCodes,
    weights: [1, ...inBatch.map(() => 0)],
    hard: [[], ...inBatch.map(() => [])],
    teacher: [[NaN], ...inBatch.map(() => [NaN])],
    inBatch: true,
    loss: lossSpec(spec, [dimension]),
  };
  return runLoss(input);
}

/** The influence of each item on the loss, by the formulas above. */
function influences(spec: RowLossSpec, { query, catalogue, positive }: World, expected: readonly number[]): number[] {
  const s = catalogue.map((item) => item.reduce((sum, value, d) => sum + value * query[d], 0));
  const others = [...catalogue.keys()].filter((j) => j !== positive);
  const sumOf = (f: (j: number) => number): number => others.reduce((sum, j) => sum + f(j), 0);
  const at = (f: (j: number) => number): number[] => s.map((_, j) => (j === positive ? 0 : f(j)));
  if (spec.kind === 'softmax') {
    const e = (j: number): number => Math.exp(s[j] / temperature);
    const denominator = sumOf(e) + (spec.form === 'decoupled' ? 0 : e(positive));
    return at((j) => e(j) / expected[j] / denominator);
  }
  const f = (j: number): number => {
    if (spec.kind === 'bpr') return Math.log1p(Math.exp((s[j] - s[positive]) / temperature));
    if (spec.kind === 'hinge') return Math.max(0, spec.margin - s[positive] + s[j]);
    return Math.log1p(Math.exp(s[j] / temperature)); // binary cross-entropy; its positive term is not sampled
  };
  const mean = sumOf(f) / others.length;
  return at((j) => (f(j) - mean) / expected[j] / others.length);
}

function drawFrom(probability: readonly number[], count: number, random: Random): number[] {
  return Array.from({ length: count }, () => {
    let left = random.next();
    const index = probability.findIndex((p) => (left -= p) < 0);
    return index < 0 ? probability.length - 1 : index;
  });
}

const distance = (a: readonly number[], b: readonly number[]): number =>
  Math.hypot(...a.map((value, i) => value - b[i]));

/** Root mean square errors of one size of sample. */
function errorsOf(spec: RowLossSpec, mix: Mix, draws: number, world: World) {
  const sources = [
    { count: draws * mix.inBatch, probability: zipf },
    { count: draws * mix.uniform, probability: uniform },
    { count: draws * mix.popular, probability: recent },
    { count: draws * mix.memory, probability: zipf },
  ];
  const expected = zipf.map((_, j) => sources.reduce((sum, { count, probability }) => sum + count * probability[j], 0));
  const influence = influences(spec, world, expected);
  const variance = sources.reduce((sum, { count, probability }) => {
    const mean = probability.reduce((total, p, j) => total + p * influence[j], 0);
    return sum + count * (probability.reduce((total, p, j) => total + p * influence[j] ** 2, 0) - mean ** 2);
  }, 0);
  const exact = {
    loss: fullLoss(spec, world),
    query: numericGradient(([query]) => fullLoss(spec, { ...world, query }), [world.query]).flat(),
    items: numericGradient((catalogue) => fullLoss(spec, { ...world, catalogue }), world.catalogue).flat(),
  };
  const random = createRandom('draws', 5);
  const squares = { loss: 0, query: 0, items: 0 };
  for (let run = 0; run < runs; run++) {
    const samples = sources.map(({ count, probability }) => drawFrom(probability, count, random));
    const { loss, queryGradient, candidateGradient } = sampled(spec, world, samples, expected.map(Math.log));
    const byItem = new Array<number>(items * dimension).fill(0);
    [world.positive, ...samples.flat()].forEach((item, slot) =>
      candidateGradient[slot].forEach((value, d) => (byItem[item * dimension + d] += value)),
    );
    squares.loss += (loss - exact.loss) ** 2 / runs;
    squares.query += distance(queryGradient[0], exact.query) ** 2 / runs;
    squares.items += distance(byItem, exact.items) ** 2 / runs;
  }
  return {
    lossRatio: Math.sqrt(squares.loss / variance),
    query: Math.sqrt(squares.query),
    items: Math.sqrt(squares.items),
  };
}

const withLimit = UNDER_TEST.filter(({ hasLimit }) => hasLimit);

describe.each(backendsUnderTest().filter((name) => name !== 'cpu'))('limits of the losses on %s', (backend) => {
  useBackend(backend);
  const world = createWorld();

  describe.each(withLimit)('$name', ({ spec }) => {
    it.each(mixes)('approaches the loss over the whole catalogue, and its gradient: $name', (mix) => {
      const [fewer, more] = [64, 256].map((draws) => errorsOf(spec, mix, draws, world));
      // 60 runs know a root mean square to about 9 %; the bounds leave three of that, and second order terms at 64 draws.
      expect(Math.abs(fewer.lossRatio - 1)).toBeLessThan(0.4);
      expect(Math.abs(more.lossRatio - 1)).toBeLessThan(0.3);
      // A memory is detached: nothing flows to its items, so only queries have the law there.
      const sides = mix.memory === 0 ? (['query', 'items'] as const) : (['query'] as const);
      for (const side of sides) expect(Math.abs(Math.log2(fewer[side] / more[side]) - 1)).toBeLessThan(0.5);
    });
  });
});
