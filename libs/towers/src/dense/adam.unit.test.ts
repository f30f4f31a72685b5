import { createRandom } from '@gatehouse/domain';

import { createAdam } from './adam';

const size = 4;
const rate = 0.01;

/** Gradients of `steps` steps; some are 0, some large. */
function gradientsOf(seed: number, steps: number): Float32Array[] {
  const random = createRandom('gradients', seed);
  return Array.from({ length: steps }, () =>
    Float32Array.from({ length: size }, (_, i) => (random.next() < 0.2 ? 0 : (random.next() - 0.5) * 10 ** i)),
  );
}

/** Kingma and Ba 2015, Algorithm 1, as printed, in 64-bit numbers. */
function plainAdam(weights: readonly number[], gradients: readonly Float32Array[]): number[] {
  const [m, v, w] = [weights.map(() => 0), weights.map(() => 0), [...weights]];
  gradients.forEach((g, step) => {
    const t = step + 1;
    for (let i = 0; i < size; i++) {
      m[i] = 0.9 * m[i] + 0.1 * g[i];
      v[i] = 0.999 * v[i] + 0.001 * g[i] * g[i];
      w[i] -= (rate * (m[i] / (1 - 0.9 ** t))) / (Math.sqrt(v[i] / (1 - 0.999 ** t)) + 1e-8);
    }
  });
  return w;
}

describe('Adam', () => {
  it('moves each weight by the learning rate in the first step, against its gradient', () => {
    // t = 1: m / (1 - b1) = g and v / (1 - b2) = g^2, so the step is rate * g / |g|.
    const weights = Float32Array.of(1, 1, 1, 1);
    createAdam('adam', size, rate).apply(weights, Float32Array.of(3, -0.001, 100, 0));
    [0.99, 1.01, 0.99, 1].forEach((expected, i) => expect(weights[i]).toBeCloseTo(expected, 5));
  });

  it.each([1, 2, 3])('follows the algorithm for 50 steps, seed %i', (seed) => {
    const weights = Float32Array.of(0.5, -0.5, 1, 0);
    const expected = plainAdam([...weights], gradientsOf(seed, 50));
    const adam = createAdam('adam', size, rate);
    for (const gradients of gradientsOf(seed, 50)) adam.apply(weights, gradients);
    expected.forEach((value, i) => expect(weights[i]).toBeCloseTo(value, 5));
  });

  const continued = (change: (snapshot: ReturnType<ReturnType<typeof createAdam>['snapshot']>) => void): number[] => {
    const weights = Float32Array.of(0.5, -0.5, 1, 0);
    const gradients = gradientsOf(9, 20);
    const before = createAdam('adam', size, rate);
    gradients.slice(0, 10).forEach((gradient) => before.apply(weights, gradient));
    const snapshot = structuredClone(before.snapshot());
    change(snapshot);
    const after = createAdam('adam', size, rate);
    after.restore(snapshot);
    gradients.slice(10).forEach((gradient) => after.apply(weights, gradient));
    return [...weights];
  };

  it('continues from a snapshot as if it had never stopped', () => {
    const weights = Float32Array.of(0.5, -0.5, 1, 0);
    const adam = createAdam('adam', size, rate);
    for (const gradients of gradientsOf(9, 20)) adam.apply(weights, gradients);
    expect(continued(() => undefined)).toEqual([...weights]);
  });

  it.each(['mean', 'variance', 'clock'])('uses the restored %s', (tensor) => {
    const perturbed = continued(({ tensors }) => (tensors[tensor].data[0] += 1));
    expect(perturbed).not.toEqual(continued(() => undefined));
  });
});
