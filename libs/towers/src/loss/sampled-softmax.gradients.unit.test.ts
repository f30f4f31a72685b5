import { createRandom } from '@gatehouse/domain';

import { backendsUnderTest, useBackend } from '../use-backend.fixture';
import { numericGradient } from '../numeric-gradient.fixture';
import { plainLoss } from './plain-softmax.fixture';
import { randomSoftmaxInput } from './random-softmax-input.fixture';
import { runSoftmax, type SoftmaxRun } from './run-softmax.fixture';

const cases = (['standard', 'corrected', 'decoupled'] as const).flatMap((form) =>
  [true, false].flatMap((inBatch) =>
    [0, 4].flatMap((draws) =>
      [false, true].flatMap((weighted) =>
        [false, true].map((hits) => {
          const shape = { seed: 11, batch: 4, draws, items: hits ? 3 : 99, dimension: 3, weighted };
          const name = `${form}${inBatch ? ', in-batch' : ''}, ${draws} draws${weighted ? ', weights' : ''}${hits ? ', hits' : ''}`;
          return { name, input: randomSoftmaxInput(shape, { form, inBatch, temperature: 0.5 }) };
        }),
      ),
    ),
  ),
);

describe.each(backendsUnderTest())('gradients of the sampled softmax on %s', (backend) => {
  useBackend(backend);

  it.each(cases)('agree with central differences of the definition: $name', ({ input }) => {
    expectClose(runSoftmax(input), {
      loss: plainLoss(input),
      queryGradient: numericGradient((queries) => plainLoss({ ...input, queries }), input.queries),
      candidateGradient: numericGradient((candidates) => plainLoss({ ...input, candidates }), input.candidates),
    });
  });

  it('do not depend on how rows are cut into blocks', () => {
    const shape = { seed: 5, batch: 300, draws: 20, items: 150, dimension: 2, weighted: true };
    const input = randomSoftmaxInput(shape, { form: 'corrected', inBatch: true, temperature: 0.3 });
    const { loss, queryGradient, candidateGradient } = runSoftmax(input);
    expect(loss).toBeCloseTo(plainLoss(input), 5);
    // Slopes along random directions in the rows of the first block, the second, and the draws.
    const random = createRandom('direction', 6);
    for (const [from, to] of [
      [0, 256],
      [256, 300],
      [300, 320],
    ]) {
      const direction = input.candidates.map((row, r) => row.map(() => (r >= from && r < to ? random.next() : 0)));
      const slope = (side: 'queries' | 'candidates'): number => {
        const moved = (by: number): number[][] =>
          input[side].map((row, r) => row.map((value, d) => value + by * direction[r][d]));
        return (plainLoss({ ...input, [side]: moved(1e-5) }) - plainLoss({ ...input, [side]: moved(-1e-5) })) / 2e-5;
      };
      const along = (gradient: readonly number[][]): number =>
        gradient.reduce((sum, row, r) => row.reduce((rowSum, value, d) => rowSum + value * direction[r][d], sum), 0);
      expect(along(queryGradient)).toBeCloseTo(slope('queries'), 5);
      expect(along(candidateGradient)).toBeCloseTo(slope('candidates'), 5);
    }
  });
});

function expectClose(found: SoftmaxRun, expected: SoftmaxRun): void {
  expect(found.loss).toBeCloseTo(expected.loss, 5);
  for (const side of ['queryGradient', 'candidateGradient'] as const) {
    const difference = found[side].flat().map((value, i) => Math.abs(value - expected[side].flat()[i]));
    expect(difference).toHaveLength(expected[side].flat().length);
    expect(Math.max(...difference)).toBeLessThan(1e-5);
  }
}
