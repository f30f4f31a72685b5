import { createRandom, type Random } from '@gatehouse/domain';

import { backendsUnderTest, useBackend } from '../use-backend.fixture';
import { numericGradient } from '../numeric-gradient.fixture';
import { plainRowLosses, type PlainSoftmaxInput } from './plain-softmax.fixture';
import { runSoftmax, type SoftmaxRun } from './run-softmax.fixture';

const temperature = 0.5;
const dimension = 2;

/** `[rows][dimension]`, uniform in [-1, 1). */
function randomRows(random: Random, rows: number): number[][] {
  return Array.from({ length: rows }, () => Array.from({ length: dimension }, () => 2 * random.next() - 1));
}

/** Full softmax over a catalogue: mean of `log(sum over all j of exp(s_ij / tau)) - s_i,positive / tau`. */
function fullSoftmaxLoss(
  queries: readonly number[][],
  catalogue: readonly number[][],
  positives: readonly number[],
): number {
  const rows = queries.map((query, i) => {
    const scores = catalogue.map((item) => item.reduce((sum, value, d) => sum + value * query[d], 0) / temperature);
    return Math.log(scores.reduce((sum, score) => sum + Math.exp(score), 0)) - scores[positives[i]];
  });
  return rows.reduce((sum, loss) => sum + loss, 0) / rows.length;
}

/** Sums the gradients of the slots of each item, `[items][dimension]`. */
function byItem({ candidateGradient }: SoftmaxRun, itemCodes: readonly number[], items: number): number[][] {
  const sums = Array.from({ length: items }, () => new Array<number>(dimension).fill(0));
  candidateGradient.forEach((row, slot) => row.forEach((value, d) => (sums[itemCodes[slot]][d] += value)));
  return sums;
}

function distance(a: readonly number[][], b: readonly number[][]): number {
  return Math.hypot(...a.flat().map((value, i) => value - b.flat()[i]));
}

describe.each(backendsUnderTest().filter((name) => name !== 'cpu'))(
  'limits of the sampled softmax on %s',
  (backend) => {
    useBackend(backend); // the cpu backend takes seconds for hundreds of rows

    it.each(['corrected', 'standard'] as const)(
      'is the full softmax when the draws are the whole catalogue: %s',
      (form) => {
        const random = createRandom('catalogue', 3);
        const [queries, catalogue, positives] = [randomRows(random, 3), randomRows(random, 12), [4, 0, 11]];
        const itemCodes = [...positives, ...catalogue.keys()];
        const run = runSoftmax({
          queries,
          candidates: itemCodes.map((item) => catalogue[item]),
          logQ: itemCodes.map(() => 0), // each item once
          itemCodes,
          weights: [1, 1, 1],
          temperature,
          form,
          inBatch: false,
        });
        const loss = fullSoftmaxLoss(queries, catalogue, positives);
        const queryGradient = numericGradient((moved) => fullSoftmaxLoss(moved, catalogue, positives), queries);
        const itemGradient = numericGradient((moved) => fullSoftmaxLoss(queries, moved, positives), catalogue);
        expect(run.loss).toBeCloseTo(loss, 5);
        expect(distance(run.queryGradient, queryGradient)).toBeLessThan(1e-5);
        expect(distance(byItem(run, itemCodes, 12), itemGradient)).toBeLessThan(1e-5);
      },
    );

    /*
     * Khrylchenko et al. 2025 weigh the decoupled gradient of row i by the constant sg(1 - P_i), P_i the model's probability of the
     * positive. With P_i = exp(p_i) / (exp(p_i) + Z), Z = sum_j exp(l_ij), from the same sample, 1 - P_i = Z / (exp(p_i) + Z), so
     *   (1 - P_i) * grad(log Z - p_i) = sum_j exp(l_ij) / (exp(p_i) + Z) grad l_ij - (1 - P_i) grad p_i,
     * which is the gradient of log(exp(p_i) + Z) - p_i. And exp(-L_i) of the corrected form is P_i.
     */
    it.each([1, 2, 3])("has the corrected paper's stop-gradient form, seed %i", (seed) => {
      const random = createRandom('stop-gradient', seed);
      const input: PlainSoftmaxInput = {
        queries: randomRows(random, 4),
        candidates: randomRows(random, 9),
        logQ: Array.from({ length: 9 }, () => random.next() - 1),
        itemCodes: [0, 1, 2, 3, 4, 0, 2, 5, 5],
        weights: [1, 2, 0.5, 1],
        temperature,
        form: 'corrected',
        inBatch: true,
      };
      const complements = plainRowLosses(input).map((loss) => 1 - Math.exp(-loss));
      const weights = input.weights.map((weight, i) => weight * complements[i]);
      const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
      const scale = sum(weights) / sum(input.weights); // the library divides by the sum of the weights that it gets
      const scaled = (gradient: readonly number[][]): number[][] => gradient.map((row) => row.map((g) => g * scale));
      const corrected = runSoftmax(input);
      const decoupled = runSoftmax({ ...input, form: 'decoupled', weights });
      expect(distance(corrected.queryGradient, scaled(decoupled.queryGradient))).toBeLessThan(1e-5);
      expect(distance(corrected.candidateGradient, scaled(decoupled.candidateGradient))).toBeLessThan(1e-5);
    });

    const items = 30;
    const popularity = Array.from({ length: items }, (_, j) => 1 / (j + 1)); // Zipf
    const total = popularity.reduce((sum, p) => sum + p, 0);
    const zipf = popularity.map((p) => p / total);
    const uniform = zipf.map(() => 1 / items);

    /*
     * Z^ = sum over the draws of exp(s_j / tau) / Q_j is unbiased for Z, the sum over all items but the positive. With n_s draws from
     * distribution p_s its variance is sum_s n_s (E_s[x^2] - E_s[x]^2), x_j = exp(s_j / tau) / Q_j, and to first order the loss
     * log(P + Z^) - log P has the standard error sd(Z^) / (P + Z), which falls like 1 / sqrt(draws).
     */
    it.each([
      { name: 'uniform draws', inBatchShare: 0 },
      { name: 'in-batch', inBatchShare: 1 },
      { name: 'a mixture of both', inBatchShare: 0.5 },
    ])('approaches the full softmax as draws grow: $name', ({ inBatchShare }) => {
      const random = createRandom('ladder', 17);
      const [[query], catalogue, positive] = [randomRows(random, 1), randomRows(random, items), 2];
      const scores = catalogue.map((item) => (item[0] * query[0] + item[1] * query[1]) / temperature);
      const exact = {
        loss: fullSoftmaxLoss([query], catalogue, [positive]),
        queryGradient: numericGradient((moved) => fullSoftmaxLoss(moved, catalogue, [positive]), [query]),
        itemGradient: numericGradient((moved) => fullSoftmaxLoss([query], moved, [positive]), catalogue),
      };
      const partition = scores.reduce((sum, score) => sum + Math.exp(score), 0);

      const ladder = [16, 64, 256].map((draws) => {
        const sources = [
          { count: draws * inBatchShare, probability: zipf },
          { count: draws * (1 - inBatchShare), probability: uniform },
        ];
        const expectedCounts = zipf.map((p, j) => sources[0].count * p + sources[1].count * uniform[j]);
        const term = (j: number): number => (j === positive ? 0 : Math.exp(scores[j]) / expectedCounts[j]);
        const variance = sources.map(({ count, probability }) => {
          const mean = probability.reduce((sum, p, j) => sum + p * term(j), 0);
          return count * (probability.reduce((sum, p, j) => sum + p * term(j) ** 2, 0) - mean ** 2);
        });
        const errors = Array.from({ length: 60 }, () => {
          const [inBatch, drawn] = sources.map(({ count, probability }) =>
            Array.from({ length: count }, () => drawFrom(probability, random)),
          );
          const itemCodes = [positive, ...inBatch, ...drawn];
          const run = runSoftmax({
            queries: [query, ...inBatch.map(() => [0, 0])],
            candidates: itemCodes.map((item) => catalogue[item]),
            logQ: itemCodes.map((item) => Math.log(expectedCounts[item])),
            itemCodes,
            weights: [1, ...inBatch.map(() => 0)], // the loss of row 0 alone
            temperature,
            form: 'corrected',
            inBatch: true,
          });
          return {
            loss: run.loss - exact.loss,
            query: distance([run.queryGradient[0]], exact.queryGradient),
            items: distance(byItem(run, itemCodes, items), exact.itemGradient),
          };
        });
        const rootMeanSquare = (side: 'loss' | 'query' | 'items'): number =>
          Math.sqrt(errors.reduce((sum, error) => sum + error[side] ** 2, 0) / errors.length);
        const standardError = Math.sqrt(variance[0] + variance[1]) / partition;
        return {
          lossRatio: rootMeanSquare('loss') / standardError,
          query: rootMeanSquare('query'),
          items: rootMeanSquare('items'),
        };
      });

      // 60 runs know a root mean square to about 9 %; the bounds leave three of that, and second order terms at 16 draws.
      for (const { lossRatio } of ladder) expect(Math.abs(lossRatio - 1)).toBeLessThan(0.3);
      for (const side of ['query', 'items'] as const) {
        for (const [fewer, more] of [ladder.slice(0, 2), ladder.slice(1)]) {
          expect(Math.abs(Math.log2(fewer[side] / more[side]) - 1)).toBeLessThan(0.45); // a factor of 2, within 1.46 .. 2.73
        }
      }
    });
  },
);

/** An index with the given probabilities. */
function drawFrom(probability: readonly number[], random: Random): number {
  let left = random.next();
  const index = probability.findIndex((p) => (left -= p) < 0);
  return index < 0 ? probability.length - 1 : index;
}
