import { createRandom } from '@gatehouse/domain';

import { numericGradient } from '../numeric-gradient.fixture';
import * as tf from '../tf';
import { backendsUnderTest, useBackend } from '../use-backend.fixture';
import { createDenseLayers } from './dense-layers';

const widths = [3, 4, 2];
const batch = 5;

/** `[rows][columns]`, uniform in [-1, 1). */
function randomRows(seed: number, rows: number, columns: number): number[][] {
  const random = createRandom('rows', seed);
  return Array.from({ length: rows }, () => Array.from({ length: columns }, () => 2 * random.next() - 1));
}

/** The layers in 64-bit loops: `x W + b`, with ReLU between layers. */
function plainForward(input: readonly number[][], weights: readonly number[]): number[][] {
  let at = 0;
  let rows = input.map((row) => [...row]);
  widths.slice(1).forEach((outputs, l) => {
    const inputs = widths[l];
    const bias = at + inputs * outputs;
    rows = rows.map((row) =>
      Array.from({ length: outputs }, (_, o) => {
        let sum = weights[bias + o];
        for (let i = 0; i < inputs; i++) sum += row[i] * weights[at + i * outputs + o];
        return l + 2 < widths.length ? Math.max(0, sum) : sum;
      }),
    );
    at = bias + outputs;
  });
  return rows;
}

/** Sum of the outputs, each weighed by `direction`: its gradient is the backward pass of `direction`. */
function along(outputs: readonly number[][], direction: readonly number[][]): number {
  return outputs.reduce((sum, row, r) => row.reduce((rowSum, value, o) => rowSum + value * direction[r][o], sum), 0);
}

function largestDifference(found: Float32Array, expected: readonly number[]): number {
  expect(found).toHaveLength(expected.length);
  return Math.max(...expected.map((value, i) => Math.abs(value - found[i])));
}

describe.each(backendsUnderTest())('dense layers on %s', (backend) => {
  useBackend(backend);

  it.each([1, 2, 3])('agree with plain loops, forwards and backwards, seed %i', (seed) => {
    const layers = createDenseLayers('test.dense', widths, createRandom('weights', seed));
    layers.weights.forEach((weight, i) => (layers.weights[i] = weight + 0.1)); // biases too
    const [input, direction] = [randomRows(seed, batch, 3), randomRows(seed + 100, batch, 2)];
    const weights = [...layers.weights];
    let [output, inputGradient, weightGradient] = [new Float32Array(0), new Float32Array(0), new Float32Array(0)];
    tf.tidy(() => {
      const pass = layers.forward(tf.tensor2d(input));
      const gradients = pass.backward(tf.tensor2d(direction));
      output = Float32Array.from(pass.output.dataSync());
      inputGradient = Float32Array.from(gradients.input.dataSync());
      weightGradient = Float32Array.from(gradients.weights);
    });
    const ofInput = numericGradient((moved) => along(plainForward(moved, weights), direction), input);
    const ofWeights = numericGradient(([moved]) => along(plainForward(input, moved), direction), [weights]);
    expect(largestDifference(output, plainForward(input, weights).flat())).toBeLessThan(1e-5);
    const applied = layers.apply(Float32Array.from(input.flat()), batch);
    expect(largestDifference(applied, plainForward(input, weights).flat())).toBeLessThan(1e-5);
    expect(largestDifference(inputGradient, ofInput.flat())).toBeLessThan(1e-5);
    expect(largestDifference(weightGradient, ofWeights.flat())).toBeLessThan(1e-5);
  });

  it.each([[[]], [[4]]])('are the identity with widths %j', (noLayers) => {
    const layers = createDenseLayers('test.dense', noLayers, createRandom('weights', 1));
    expect(layers.isIdentity).toBe(true);
    expect(layers.weights).toHaveLength(0);
    tf.tidy(() => {
      const pass = layers.forward(tf.tensor2d([[1, 2]]));
      const { input, weights } = pass.backward(tf.tensor2d([[3, 4]]));
      expect(pass.output.arraySync()).toEqual([[1, 2]]);
      expect(input.arraySync()).toEqual([[3, 4]]);
      expect(weights).toHaveLength(0);
    });
  });
});

describe('dense layers', () => {
  it('start with He-uniform kernels and zero biases', () => {
    const { weights } = createDenseLayers('test.dense', [600, 50, 10], createRandom('weights', 7));
    const kernel = weights.subarray(0, 600 * 50);
    // Uniform in [-b, b) with b = sqrt(6 / 600) = 0.1: variance b^2 / 3 = 2 / 600.
    expect(Math.max(...kernel)).toBeLessThan(0.1);
    expect(Math.max(...kernel)).toBeGreaterThan(0.0999);
    const variance = kernel.reduce((sum, weight) => sum + weight * weight, 0) / kernel.length;
    expect(Math.abs(variance * 300 - 1)).toBeLessThan(0.03);
    expect([...weights.subarray(600 * 50, 601 * 50)].every((bias) => bias === 0)).toBe(true);
  });

  it('restore what they saved', () => {
    const saved = createDenseLayers('test.dense', widths, createRandom('weights', 1));
    const restored = createDenseLayers('test.dense', widths, createRandom('weights', 2));
    expect(restored.weights).not.toEqual(saved.weights);
    restored.restore(structuredClone(saved.snapshot()));
    expect(restored.weights).toEqual(saved.weights);
  });

  it('refuse a snapshot of other layers', () => {
    const saved = createDenseLayers('test.dense', [3, 2], createRandom('weights', 1)).snapshot();
    const layers = createDenseLayers('test.dense', widths, createRandom('weights', 2));
    expect(() => layers.restore(saved)).toThrow(/test\.dense: tensor weights: expected F32\[26\], found F32\[8\]/);
  });
});
