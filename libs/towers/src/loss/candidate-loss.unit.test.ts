import { createRandom } from '@gatehouse/domain';

import { numericGradient } from '../numeric-gradient.fixture';
import * as tf from '../tf';
import { backendsUnderTest, useBackend } from '../use-backend.fixture';
import { dimension, lossSpec, randomLossInput, UNDER_TEST } from './losses-under-test.fixture';
import { plainLoss, type PlainLossInput } from './plain-loss.fixture';
import { type LossRun, runLoss } from './run-loss.fixture';

function expectClose(found: readonly number[][], expected: readonly number[][], digits = 4): void {
  expect(found.map((row) => row.length)).toEqual(expected.map((row) => row.length));
  found.forEach((row, i) => row.forEach((value, d) => expect(value).toBeCloseTo(expected[i][d], digits)));
}

/** Sums the gradients of the slots of each item: equal items move together, so that their ties stay ties. */
function byItem(gradient: readonly number[][], itemCodes: readonly number[], items: number): number[][] {
  const sums = Array.from({ length: items }, () => new Array<number>(dimension).fill(0));
  gradient.forEach((row, slot) => row.forEach((value, d) => (sums[itemCodes[slot]][d] += value)));
  return sums;
}

function expectEqualRuns(found: LossRun, expected: LossRun): void {
  expect(found.loss).toBeCloseTo(expected.loss, 5);
  expectClose(found.queryGradient, expected.queryGradient, 5);
  expectClose(found.candidateGradient, expected.candidateGradient, 5);
  expect(found.scaleGradient).toBeCloseTo(expected.scaleGradient, 4);
}

describe.each(backendsUnderTest())('candidate loss on %s', (backend) => {
  useBackend(backend);

  describe.each(UNDER_TEST)('$name', ({ spec, usesShared, onScores, shifts }) => {
    it.each([1, 2, 3])('is its definition, and its gradients are those of the definition (seed %i)', (seed) => {
      const input = randomLossInput(spec, seed);
      const run = runLoss(input);
      expect(run.loss).toBeCloseTo(plainLoss(input), 5);
      expectClose(
        run.queryGradient,
        numericGradient((queries) => plainLoss({ ...input, queries }), input.queries),
      );
      expectClose(
        run.candidateGradient,
        numericGradient((candidates) => plainLoss({ ...input, candidates }), input.candidates),
      );
      const atLogScale = (change: number): number =>
        plainLoss({ ...input, temperature: input.temperature * Math.exp(-change) });
      expect(run.scaleGradient).toBeCloseTo((atLogScale(1e-4) - atLogScale(-1e-4)) / 2e-4, 4);
      if (onScores) expect(run.scaleGradient).toBe(0);
    });

    it.each(['cosine', 'dot'] as const)('sums over Matryoshka prefixes (%s)', (similarity) => {
      const input = { ...randomLossInput(spec, 4), similarity, loss: lossSpec(spec, [2, dimension]) };
      const run = runLoss(input);
      expect(run.loss).toBeCloseTo(plainLoss(input), 4);
      expectClose(
        run.queryGradient,
        numericGradient((queries) => plainLoss({ ...input, queries }), input.queries),
        3,
      );
      const slots = Array.from({ length: 9 }, (_, item) => input.itemCodes.indexOf(item)); // one of each item, if any
      const vectors = slots.map((slot) => input.candidates[Math.max(0, slot)]);
      const atItems = (moved: readonly number[][]): number =>
        plainLoss({ ...input, candidates: input.itemCodes.map((code) => moved[code]) });
      expectClose(byItem(run.candidateGradient, input.itemCodes, 9), numericGradient(atItems, vectors), 3);
    });

    it('counts a hard negative once, wherever else its item stands', () => {
      const one = randomLossInput(spec, 5, 1, 6);
      const hardSlot = one.hard[0].find((slot) => slot >= 0 && one.itemCodes[slot] !== one.itemCodes[0])!;
      const repeated: PlainLossInput = {
        ...one,
        candidates: one.candidates.toSpliced(7, 0, one.candidates[hardSlot]),
        itemCodes: one.itemCodes.toSpliced(7, 0, one.itemCodes[hardSlot]),
        logQ: [...one.logQ, -0.3],
        hard: [one.hard[0].map((slot) => (slot < 0 ? slot : slot + 1))],
      };
      const [plain, more] = [runLoss(one), runLoss(repeated)];
      expect(more.candidateGradient[7]).toEqual(new Array(dimension).fill(0));
      expectEqualRuns({ ...more, candidateGradient: more.candidateGradient.toSpliced(7, 1) }, plain);
    });

    it('takes hard negatives that are the positive, or there already, for none', () => {
      const input = randomLossInput(spec, 6);
      const [own, once] = [input.candidates.length, input.hard[0].find((slot) => slot >= 0)!];
      const odd: PlainLossInput = {
        ...input,
        candidates: [...input.candidates, input.candidates[0], input.candidates[once]],
        itemCodes: [...input.itemCodes, input.itemCodes[0], input.itemCodes[once]],
        hard: input.hard.map((slots, i) => (i === 0 ? [...slots, own, own + 1] : [...slots, -1, -1])),
        teacher: input.teacher.map((scores) => [...scores, 1, 1]),
      };
      const [plain, more] = [runLoss(input), runLoss(odd)];
      expectEqualRuns({ ...more, candidateGradient: more.candidateGradient.slice(0, own) }, plain);
      expect(
        more.candidateGradient
          .slice(own)
          .flat()
          .every((value) => value === 0),
      ).toBe(true);
    });

    it('does not depend on the order of the draws', () => {
      const input = randomLossInput(spec, 7);
      const order = [...input.candidates.keys()];
      order.splice(5, 7, ...order.slice(5, 12).toReversed());
      const turned = runLoss({
        ...input,
        candidates: order.map((slot) => input.candidates[slot]),
        itemCodes: order.map((slot) => input.itemCodes[slot]),
        logQ: order.slice(0, 12).map((slot) => input.logQ[slot]),
      });
      const plain = runLoss(input);
      expectEqualRuns({ ...turned, candidateGradient: order.map((slot) => turned.candidateGradient[slot]) }, plain);
    });

    if (shifts) {
      it('looks at differences of scores alone', () => {
        const input = randomLossInput(spec, 8);
        const withOne = (vectors: readonly number[][], last: number): number[][] =>
          vectors.map((row) => [...row, last]);
        const shifted = {
          ...input,
          queries: withOne(input.queries, 1),
          candidates: withOne(input.candidates, 0.7), // every score is .7 more
          loss: lossSpec(spec, [dimension + 1]),
        };
        const [plain, moved] = [runLoss(input), runLoss(shifted)];
        expect(moved.loss).toBeCloseTo(plain.loss, 4);
        expectClose(
          moved.queryGradient.map((row) => row.slice(0, dimension)),
          plain.queryGradient,
        );
      });
    }

    it('adds nothing for a row without a candidate that counts', () => {
      const input = randomLossInput(spec, 9, 1, 2);
      const nothing: PlainLossInput = {
        ...input,
        itemCodes: input.itemCodes.map(() => 0), // every slot holds the positive
        inBatch: spec.kind === 'info-nce',
        ...(spec.kind === 'nce' && { candidates: input.candidates.slice(0, 1), itemCodes: [0], logQ: [0], hard: [[]] }),
        ...(spec.kind === 'nce' && { teacher: [[0]] }),
      };
      const run = runLoss(nothing);
      expect(run.loss).toBe(0);
      expect([...run.queryGradient, ...run.candidateGradient].flat().every((value) => value === 0)).toBe(true);
    });

    it('stays finite for extreme scores and corrections', () => {
      const input = randomLossInput(spec, 10);
      const large = (vectors: readonly number[][]): number[][] => vectors.map((row) => row.map((value) => 100 * value));
      const run = runLoss({
        ...input,
        similarity: 'dot',
        queries: large(input.queries),
        candidates: large(input.candidates),
        logQ: input.logQ.map((logQ) => 20 * logQ),
      });
      const values = [run.loss, run.scaleGradient, ...run.queryGradient.flat(), ...run.candidateGradient.flat()];
      expect(values.every(Number.isFinite)).toBe(true);
    });

    it('leaves no tensor of its own behind', () => {
      const input = { ...randomLossInput(spec, 11), loss: lossSpec(spec, [2, dimension]) };
      const before = tf.memory().numTensors;
      runLoss(input, true);
      expect(tf.memory().numTensors).toBe(before);
    });

    it('measures its candidates without changing its result', () => {
      const input = randomLossInput(spec, 12);
      const { measures, ...run } = runLoss(input, true);
      const plain = runLoss(input);
      expect(run.loss).toBe(plain.loss);
      expect(run.queryGradient).toEqual(plain.queryGradient);
      expect(plain.measures).toBeUndefined();
      expect(measures!.logitMax).toBeGreaterThan(measures!.logitMin);
      expect(measures!.logitMax).toBeLessThanOrEqual(onScores ? 1.0001 : 1.0001 / input.temperature);
      expect(measures!.effectiveNegatives).toBeGreaterThanOrEqual(0.9999);
      expect(measures!.effectiveNegatives).toBeLessThanOrEqual(usesShared ? 14 : 3);
      const hits = input.weights.map(
        (_, i) => input.itemCodes.slice(0, 12).filter((code, slot) => slot !== i && code === input.itemCodes[i]).length,
      );
      expect(measures!.accidentalHitShare).toBeCloseTo(hits.reduce((a, b) => a + b) / (5 * 11), 6);
    });
  });
});

describe.each(backendsUnderTest().filter((name) => name !== 'cpu'))(
  'candidate loss in blocks of rows on %s',
  (backend) => {
    useBackend(backend);

    it.each(UNDER_TEST)('is that of all rows: $name', ({ spec }) => {
      const input = randomLossInput(spec, 13, 260, 10);
      const run = runLoss(input);
      expect(run.loss).toBeCloseTo(plainLoss(input), 4);
      // The slope along a random direction of all vectors at once, against a finite difference of the definition.
      const random = createRandom('direction', 1);
      const direction = (vectors: readonly number[][]): number[][] =>
        vectors.map((row) => row.map(() => random.next() - 0.5));
      const [q, ofItems] = [direction(input.queries), direction(input.candidates)];
      const c = input.itemCodes.map((code) => ofItems[code]); // equal items stay equal, so ties stay ties
      const moved = (vectors: readonly number[][], by: readonly number[][], h: number): number[][] =>
        vectors.map((row, i) => row.map((value, d) => value + h * by[i][d]));
      const at = (h: number): number =>
        plainLoss({ ...input, queries: moved(input.queries, q, h), candidates: moved(input.candidates, c, h) });
      const slope = (gradient: readonly number[][], by: readonly number[][]): number =>
        gradient.flat().reduce((sum, value, n) => sum + value * by.flat()[n], 0);
      const h = 1e-6;
      expect(slope(run.queryGradient, q) + slope(run.candidateGradient, c)).toBeCloseTo((at(h) - at(-h)) / (2 * h), 3);
    });
  },
);

describe.each(backendsUnderTest())('noise-contrastive estimation on %s', (backend) => {
  useBackend(backend);

  /*
   * With x_j = log p(j | q) the expected gradient vanishes. By the definition, over positives y ~ p and the expected Q_j occurrences of
   * noise j: E[dL/dx_j] = -p_j (1 - sigmoid(x_j - log Q_j)) + Q_j sigmoid(x_j - log Q_j), and sigmoid(log p - log Q) = p / (p + Q), so
   * the two terms are -p Q / (p + Q) and Q p / (p + Q). Here each noise item stands once in the sample and weighs Q_j.
   */
  it('has no gradient in expectation where scores are log probabilities', () => {
    const p = [0.5, 0.2, 0.15, 0.1, 0.05];
    const Q = [0.3, 2, 0.7, 0.05, 4];
    // One dimension: the query is 1, so the score of an item is its one coordinate.
    const total = p.map(() => 0);
    p.forEach((probability, y) => {
      const run = runLoss({
        queries: [[1]],
        candidates: [[Math.log(p[y])], ...p.map((each) => [Math.log(each)])],
        logQ: [Math.log(Q[y]), ...Q.map(Math.log)],
        itemCodes: [y, ...p.keys()],
        weights: [1],
        hard: [[]],
        teacher: [[NaN]],
        temperature: 1,
        similarity: 'dot',
        inBatch: false,
        loss: { kind: 'nce', matryoshka: [1] },
      });
      total[y] += probability * run.candidateGradient[0][0];
      p.forEach((_, j) => (total[j] += probability * Q[j] * run.candidateGradient[1 + j][0]));
    });
    total.forEach((gradient) => expect(gradient).toBeCloseTo(0, 6));
  });
});
