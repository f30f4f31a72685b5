import { type Snapshot, type Stateful, tensorOf } from '@gatehouse/domain';

const beta1 = 0.9;
const beta2 = 0.999;
const epsilon = 1e-8;

/** Adam for dense weights that live in a typed array. */
export interface Adam extends Stateful {
  /**
   * Updates `weights` in place by one step along `gradients`, both `[size]`.
   * @param rateScale factor of the learning rate for this step. @default 1
   */
  apply(weights: Float32Array, gradients: Float32Array, rateScale?: number): void;
}

/**
 * Adam: `m <- b1 m + (1-b1) g`, `v <- b2 v + (1-b2) g^2`, `w <- w - rate * (m / (1-b1^t)) / (sqrt(v / (1-b2^t)) + 1e-8)`.
 * Source: Kingma and Ba 2015, Algorithm 1, with b1 = 0.9 and b2 = 0.999. In typed arrays, because one update of a small
 * TensorFlow.js variable costs about ten operations.
 *
 * @example
 * const adam = createAdam('query.dense.adam', layers.weights.length, 0.001);
 * adam.apply(layers.weights, gradients);
 */
export function createAdam(name: string, size: number, learningRate: number): Adam {
  const mean = new Float32Array(size);
  const variance = new Float32Array(size);
  const clock = new Uint32Array(1);
  return {
    name,
    apply: (weights, gradients, rateScale = 1) => {
      const t = ++clock[0];
      const rate = (rateScale * learningRate * Math.sqrt(1 - beta2 ** t)) / (1 - beta1 ** t);
      const scaledEpsilon = epsilon * Math.sqrt(1 - beta2 ** t);
      for (let i = 0; i < size; i++) {
        mean[i] = beta1 * mean[i] + (1 - beta1) * gradients[i];
        variance[i] = beta2 * variance[i] + (1 - beta2) * gradients[i] * gradients[i];
        weights[i] -= (rate * mean[i]) / (Math.sqrt(variance[i]) + scaledEpsilon);
      }
    },
    snapshot: (): Snapshot => ({
      tensors: {
        mean: { dtype: 'F32', shape: [size], data: mean },
        variance: { dtype: 'F32', shape: [size], data: variance },
        clock: { dtype: 'U32', shape: [1], data: clock },
      },
      metadata: null,
    }),
    restore: (snapshot) => {
      mean.set(tensorOf(name, snapshot, 'mean', 'F32', size));
      variance.set(tensorOf(name, snapshot, 'variance', 'F32', size));
      clock.set(tensorOf(name, snapshot, 'clock', 'U32', 1));
    },
  };
}
