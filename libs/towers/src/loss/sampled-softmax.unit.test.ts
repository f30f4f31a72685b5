import * as tf from '../tf';
import { backendsUnderTest, useBackend } from '../use-backend.fixture';
import type { PlainSoftmaxInput } from './plain-softmax.fixture';
import { runSoftmax } from './run-softmax.fixture';

const { log } = Math;

/*
 * Two queries along the axes, so candidate j has the scores of both queries as its coordinates, and temperature 1/2.
 *   exp(s_ij / tau) = | 6  2 |   Q = (1/2, 1/4)   so the shared terms exp(l_ij) are 2 / (1/4) = 8 in row 0,
 *                     | 3 12 |                     3 / (1/2) = 6 in row 1.
 */
const worked = {
  queries: [
    [1, 0],
    [0, 1],
  ],
  candidates: [
    [log(6) / 2, log(3) / 2],
    [log(2) / 2, log(12) / 2],
  ],
  logQ: [log(1 / 2), log(1 / 4)],
  itemCodes: [0, 1],
  weights: [1, 1],
  temperature: 1 / 2,
  inBatch: true,
} satisfies Omit<PlainSoftmaxInput, 'form'>;

const forms = ['standard', 'corrected', 'decoupled'] as const;

describe.each(backendsUnderTest())('sampled softmax on %s', (backend) => {
  useBackend(backend);

  /*
   * corrected: L_0 = ln((6 + 8) / 6),   L_1 = ln((12 + 6) / 12).   Correction added:              L_0 = ln((6 + 2/4) / 6) = 0.08.
   * decoupled: L_0 = ln(8 / 6),         L_1 = ln(6 / 12).          Temperature after correction:  L_0 = ln((6 + 2 * 4^2) / 6) = 1.85.
   * standard:  L_0 = ln((12 + 8) / 12), L_1 = ln((48 + 6) / 48).   Right:                         L_0 = ln(14 / 6) = 0.85.
   * A row's gradient by its scores is -g at the positive and +g at the other one, times (1/2 of the batch) / (1/2 of tau) = 1:
   * corrected 8/14, 6/18; decoupled 1, 1; standard 8/20, 6/54.
   */
  it.each([
    { form: 'corrected', losses: [log(7 / 3), log(3 / 2)], g: [4 / 7, 1 / 3] },
    { form: 'decoupled', losses: [log(4 / 3), log(1 / 2)], g: [1, 1] },
    { form: 'standard', losses: [log(5 / 3), log(9 / 8)], g: [2 / 5, 1 / 9] },
  ] as const)('agrees with the batch worked by hand: $form', ({ form, losses, g }) => {
    const { loss, queryGradient, candidateGradient } = runSoftmax({ ...worked, form });
    expect(loss).toBeCloseTo((losses[0] + losses[1]) / 2, 5);
    // c_1 - c_0 = (-ln 3 / 2, ln 2)
    expectClose(queryGradient, [
      [(-g[0] * log(3)) / 2, g[0] * log(2)],
      [(g[1] * log(3)) / 2, -g[1] * log(2)],
    ]);
    expectClose(candidateGradient, [
      [-g[0], g[1]],
      [g[0], -g[1]],
    ]);
  });

  it('weighs rows by their share of the total weight', () => {
    const { loss } = runSoftmax({ ...worked, form: 'corrected', weights: [3, 1] });
    expect(loss).toBeCloseTo((3 * log(7 / 3) + log(3 / 2)) / 4, 5);
  });

  it('counts an item as often as it occurs in the batch', () => {
    // Three more rows with item 1 beside row 0: Z = 6 + 3 * 8 in the corrected form.
    const repeated = {
      ...worked,
      form: 'corrected' as const,
      queries: [worked.queries[0], worked.queries[1], worked.queries[1], worked.queries[1]],
      candidates: [worked.candidates[0], worked.candidates[1], worked.candidates[1], worked.candidates[1]],
      logQ: [worked.logQ[0], worked.logQ[1], worked.logQ[1], worked.logQ[1]],
      itemCodes: [0, 1, 1, 1],
      weights: [1, 0, 0, 0],
    };
    expect(runSoftmax(repeated).loss).toBeCloseTo(log((6 + 3 * 8) / 6), 5);
  });

  it.each(forms)('ignores accidental hits: %s', (form) => {
    const withHit = (vector: number[], logQ: number): PlainSoftmaxInput => ({
      ...worked,
      form,
      candidates: [...worked.candidates, vector],
      logQ: [...worked.logQ, logQ],
      itemCodes: [0, 1, 0],
      weights: [1, 0],
    });
    const hit = runSoftmax(withHit([5, -5], 2));
    expect(hit.loss).toBeCloseTo(runSoftmax({ ...worked, form, weights: [1, 0] }).loss, 5);
    expect(hit.loss).toBe(runSoftmax(withHit([-3, 3], -4)).loss);
    expect(hit.candidateGradient[2].every((value) => Math.abs(value) === 0)).toBe(true);
  });

  it.each(forms)('leaves the other positives out without in-batch negatives: %s', (form) => {
    const input = { ...worked, form, candidates: [...worked.candidates, [log(5) / 2, 0]], logQ: [...worked.logQ, 0] };
    const shared = { ...input, itemCodes: [0, 1, 2], weights: [1, 0], inBatch: false };
    const expected = { corrected: log(11 / 6), decoupled: log(5 / 6), standard: log(17 / 12) }[form];
    expect(runSoftmax(shared).loss).toBeCloseTo(expected, 5);
  });

  it.each(forms)('gives a row without other candidates neither loss nor gradient: %s', (form) => {
    const sameItem = { ...worked, form, itemCodes: [7, 7] };
    const alone = { ...worked, form, inBatch: false };
    for (const input of [sameItem, alone]) {
      const { loss, queryGradient, candidateGradient } = runSoftmax(input);
      expect(loss).toBeCloseTo(0, 6);
      expectClose(
        [...queryGradient, ...candidateGradient],
        [0, 0, 0, 0].map(() => [0, 0]),
      );
    }
    // Such a row keeps its place in the mean.
    const oneOpen = { ...alone, candidates: [...worked.candidates, [log(5) / 2, 0]], logQ: [...worked.logQ, 0] };
    const expected = { corrected: log(11 / 6), decoupled: log(5 / 6), standard: log(17 / 12) }[form];
    expect(runSoftmax({ ...oneOpen, itemCodes: [0, 1, 1] }).loss).toBeCloseTo(expected / 2, 5);
  });

  it('stays finite for scores far apart', () => {
    const far = runSoftmax({ ...worked, form: 'corrected', temperature: 0.001 });
    // Row 0: s_01 / tau - log Q is below s_00 / tau by 500 ln 3 - ln 4; row 1: by 500 ln 4 - ln 2. Both losses vanish.
    expect(far.loss).toBeCloseTo(0, 6);
    expect(far.queryGradient.flat().every(Number.isFinite)).toBe(true);
  });

  it('leaves no tensor of its own behind', () => {
    const before = tf.memory().numTensors;
    runSoftmax({ ...worked, form: 'standard' });
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each([
    ['candidate dimension', { candidates: [[1], [2]] }, /candidate dimension: expected 2, found 1/],
    ['fewer candidates than rows', { candidates: [[1, 0]] }, /candidates: expected at least 2, found 1/],
    ['logQ', { logQ: [0] }, /logQ length: expected 2 to 2, found 1/],
    ['item codes', { itemCodes: [0, 1, 2] }, /item codes: expected 2, found 3/],
    ['weights', { weights: [1] }, /weights: expected 2, found 1/],
  ])('refuses a wrong shape: %s', (_what, change, message) => {
    const run = (): unknown => runSoftmax({ ...worked, form: 'corrected', ...change });
    expect(run).toThrow(RangeError);
    expect(run).toThrow(message);
  });
});

function expectClose(found: readonly number[][], expected: readonly number[][]): void {
  expect(found.map((row) => row.length)).toEqual(expected.map((row) => row.length));
  found.forEach((row, i) => row.forEach((value, d) => expect(value).toBeCloseTo(expected[i][d], 5)));
}
