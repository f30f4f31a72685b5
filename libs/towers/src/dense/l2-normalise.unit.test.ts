import { numericGradient } from '../numeric-gradient.fixture';
import * as tf from '../tf';
import { backendsUnderTest, useBackend } from '../use-backend.fixture';
import { l2Normalise, l2NormaliseRows } from './l2-normalise';

describe.each(backendsUnderTest())('L2 normalisation on %s', (backend) => {
  useBackend(backend);

  const run = (input: number[][], gradient: number[][]): { output: number[][]; gradient: number[][] } => {
    const pass = tf.tidy(() => {
      const { output, backward } = l2Normalise(tf.tensor2d(input));
      return { output, gradient: backward(tf.tensor2d(gradient)) };
    });
    return { output: pass.output.arraySync(), gradient: pass.gradient.arraySync() };
  };

  it('divides by the length, and keeps of the gradient what is across the output', () => {
    // |(3, 4)| = 5. y = (.6, .8), dy = (1, 0), y . dy = .6: dx = ((1, 0) - .6 (.6, .8)) / 5 = (.64, -.48) / 5.
    const { output, gradient } = run([[3, 4]], [[1, 0]]);
    expect(output[0][0]).toBeCloseTo(0.6, 6);
    expect(output[0][1]).toBeCloseTo(0.8, 6);
    expect(gradient[0][0]).toBeCloseTo(0.128, 6);
    expect(gradient[0][1]).toBeCloseTo(-0.096, 6);
  });

  it('has the gradient of its definition', () => {
    const input = [
      [0.3, -1.2, 0.5],
      [-2, 0.1, 0.7],
    ];
    const direction = [
      [1, -0.5, 2],
      [0.25, 3, -1],
    ];
    const plain = (rows: number[][]): number =>
      rows.reduce((sum, row, r) => row.reduce((s, x, d) => s + (x / Math.hypot(...row)) * direction[r][d], sum), 0);
    const expected = numericGradient(plain, input).flat();
    run(input, direction)
      .gradient.flat()
      .forEach((value, i) => expect(value).toBeCloseTo(expected[i], 5));
  });

  it('keeps a zero row at zero with a finite gradient', () => {
    const { output, gradient } = run([[0, 0]], [[1, 2]]);
    expect(output).toEqual([[0, 0]]);
    expect(gradient.flat().every(Number.isFinite)).toBe(true);
  });
});

it('divides plain rows by their lengths too, and keeps a zero row', () => {
  const rows = Float32Array.of(3, 4, 0, 0);
  l2NormaliseRows(rows, 2);
  [0.6, 0.8, 0, 0].forEach((expected, i) => expect(rows[i]).toBeCloseTo(expected, 6));
});
