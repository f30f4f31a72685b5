import { type Random, type Snapshot, type Stateful, tensorOf } from '@gatehouse/domain';

import * as tf from '../tf';

/** Weights of a stack of dense layers, in typed arrays; TensorFlow.js sees them as constants of one step. */
export interface DenseLayers extends Stateful {
  /** Whether there are any layers; without them input and output are the same. */
  readonly isIdentity: boolean;
  /** All weights in one array, layer by layer: kernel `[inputs, outputs]`, then bias `[outputs]`. */
  readonly weights: Float32Array;
  /** Runs the layers, `[batch, widths[0]] -> [batch, widths.at(-1)]`. Call within `tidy`. */
  forward(input: tf.Tensor2D): DensePass;
  /** The same in plain loops, without a backward pass: `[size, widths[0]] -> [size, widths.at(-1)]`. */
  apply(input: Float32Array, size: number): Float32Array;
}

/** One forward pass, kept for its backward pass. */
export interface DensePass {
  readonly output: tf.Tensor2D;
  /** Gradients of input `[batch, inputs]` and weights (laid out as {@link DenseLayers.weights}) for that of the output. */
  backward(outputGradient: tf.Tensor2D): { readonly input: tf.Tensor2D; readonly weights: Float32Array };
}

/**
 * Dense layers `x_{l+1} = relu(x_l W_l + b_l)`, the last one without ReLU; He-uniform kernels, zero biases.
 *
 * @param widths sizes from input to output, such as `[64, 128, 64]`; one width or none makes the identity.
 * @example createDenseLayers('query.dense', [64, 128, 64], random).weights.length; // 16576
 */
export function createDenseLayers(name: string, widths: readonly number[], random: Random): DenseLayers {
  const layers = widths.slice(1).map((outputs, l) => ({ inputs: widths[l], outputs }));
  const sizes = layers.map(({ inputs, outputs }) => (inputs + 1) * outputs);
  const starts = sizes.map((_, l) => sizes.slice(0, l).reduce((sum, size) => sum + size, 0));
  const weights = new Float32Array(sizes.reduce((sum, size) => sum + size, 0));
  layers.forEach(({ inputs, outputs }, l) => {
    const bound = Math.sqrt(6 / inputs); // He et al. 2015: variance 2 / inputs
    for (let i = 0; i < inputs * outputs; i++) weights[starts[l] + i] = (2 * random.next() - 1) * bound;
  });

  const kernel = (l: number): tf.Tensor2D => {
    const { inputs, outputs } = layers[l];
    return tf.tensor2d(weights.subarray(starts[l], starts[l] + inputs * outputs), [inputs, outputs]);
  };
  const bias = (l: number): tf.Tensor1D => {
    const { inputs, outputs } = layers[l];
    return tf.tensor1d(weights.subarray(starts[l] + inputs * outputs, starts[l] + sizes[l]));
  };

  const forward = (input: tf.Tensor2D): DensePass => {
    const kernels = layers.map((_, l) => kernel(l));
    const inputs = [input]; // inputs[l] enters layer l
    layers.forEach((_, l) => {
      const linear = tf.add<tf.Tensor2D>(tf.matMul(inputs[l], kernels[l]), bias(l));
      inputs.push(l + 1 < layers.length ? tf.relu(linear) : linear);
    });
    return {
      output: inputs[layers.length],
      backward: (outputGradient) => {
        const gradients = new Float32Array(weights.length);
        let gradient = outputGradient; // of the output of layer l
        for (let l = layers.length - 1; l >= 0; l--) {
          if (l + 1 < layers.length) gradient = tf.mul(gradient, tf.step(inputs[l + 1]));
          // An explicit transpose: the transpose flags of matMul take a slow path on the wasm backend.
          gradients.set(tf.matMul(tf.transpose(inputs[l]), gradient).dataSync<'float32'>(), starts[l]);
          gradients.set(tf.sum(gradient, 0).dataSync<'float32'>(), starts[l] + layers[l].inputs * layers[l].outputs);
          gradient = tf.matMul(gradient, tf.transpose(kernels[l]));
        }
        return { input: gradient, weights: gradients };
      },
    };
  };

  const apply = (input: Float32Array, size: number): Float32Array => {
    let rows = input;
    layers.forEach(({ inputs, outputs }, l) => {
      const next = new Float32Array(size * outputs);
      const biasAt = starts[l] + inputs * outputs;
      for (let row = 0; row < size; row++) {
        const out = next.subarray(row * outputs, (row + 1) * outputs);
        out.set(weights.subarray(biasAt, biasAt + outputs));
        for (let i = 0; i < inputs; i++) {
          const x = rows[row * inputs + i];
          if (x === 0) continue; // after a ReLU, half of them
          const kernelAt = starts[l] + i * outputs;
          for (let j = 0; j < outputs; j++) out[j] += x * weights[kernelAt + j];
        }
        if (l + 1 < layers.length) for (let j = 0; j < outputs; j++) if (out[j] < 0) out[j] = 0;
      }
      rows = next;
    });
    return rows;
  };

  return {
    name,
    isIdentity: layers.length === 0,
    weights,
    forward,
    apply,
    snapshot: (): Snapshot => ({
      tensors: { weights: { dtype: 'F32', shape: [weights.length], data: weights } },
      metadata: { widths },
    }),
    restore: (snapshot) => weights.set(tensorOf(name, snapshot, 'weights', 'F32', weights.length)),
  };
}
