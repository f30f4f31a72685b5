import type { CandidateInput, QueryInput, Random } from '@gatehouse/domain';
import type { Schema, TowerSpec } from '@gatehouse/schema';

import { createDenseLayers, type DenseLayers } from './dense/dense-layers';
import { l2Normalise, l2NormaliseRows } from './dense/l2-normalise';
import { addMeans, type Bag, scatterMeans } from './features/bag';
import { type EncodeMode, type FeatureEncoder, readOnly } from './features/feature-encoder';
import type { RowGradients } from './tables/row-gradients';
import * as tf from './tf';

/** Rows that a batch reads: one bag per feature, in the order of the tower's features. */
export interface Encoding {
  readonly size: number;
  readonly bags: readonly Bag[];
}

/** One side of the model: features, dense layers and normalisation. */
export interface Tower<Input> {
  readonly dense: DenseLayers;
  /** The only way from inputs to arrays: training, refresh and serving all go through it. */
  encode(inputs: readonly Input[], mode: EncodeMode): Encoding;
  /** `[batch, outputDimension]`. Call within `tidy`. */
  forward(encoding: Encoding): TowerPass;
  /** Vectors of inputs, `[inputs, outputDimension]`; reads only, and leaves no tensor behind. */
  embed(inputs: readonly Input[]): Float32Array;
}

/** One forward pass, kept for its backward pass. */
export interface TowerPass {
  readonly output: tf.Tensor2D;
  /** Adds the gradients of the touched rows to `rowGradients` (by feature) and returns those of the dense weights. */
  backward(outputGradient: tf.Tensor2D, rowGradients: readonly RowGradients[]): Float32Array;
}

/** Rows handled at once when embedding: bounds memory, whatever the number of inputs. */
const embedAtOnce = 4096;

/**
 * Products of an embedding up to which plain loops are quicker than the start of TensorFlow.js's kernels: one query, and a few together.
 */
const maxPlainProducts = 1 << 17;

/** Builds a tower of the schema on its feature encoders. */
export function createTower<Input extends QueryInput | CandidateInput>(
  name: string,
  schema: Schema,
  spec: TowerSpec,
  features: readonly FeatureEncoder<Input>[],
  random: Random,
): Tower<Input> {
  const concat = spec.combine === 'concat';
  let joined = 0;
  // Column at which each feature starts: one after the other for concat, all at 0 for sum.
  const columns = features.map(({ table }) => (concat ? (joined += table.dimension) - table.dimension : 0));
  const width = concat ? joined : features[0].table.dimension;
  const hasDense = concat || spec.layers.length > 0;
  const dense = createDenseLayers(
    `${name}.dense`,
    hasDense ? [width, ...spec.layers, schema.outputDimension] : [],
    random,
  );
  const normalises = schema.score.similarity === 'cosine';

  const encode = (inputs: readonly Input[], mode: EncodeMode): Encoding => ({
    size: inputs.length,
    bags: features.map((feature) => feature.encode(inputs, mode)),
  });

  const pool = ({ size, bags }: Encoding): Float32Array => {
    const pooled = new Float32Array(size * width); // [batch, width]
    features.forEach(({ table }, f) => addMeans(bags[f], table, pooled, width, columns[f]));
    return pooled;
  };

  const forward = (encoding: Encoding): TowerPass => {
    const { size, bags } = encoding;
    const pooled = pool(encoding);
    const layers = dense.forward(tf.tensor2d(pooled, [size, width]));
    const unit = normalises ? l2Normalise(layers.output) : undefined;
    return {
      output: unit?.output ?? layers.output,
      backward: (outputGradient, rowGradients) => {
        const gradients = layers.backward(unit?.backward(outputGradient) ?? outputGradient);
        const inputGradient = gradients.input.dataSync<'float32'>();
        features.forEach((_, f) => scatterMeans(bags[f], inputGradient, width, columns[f], rowGradients[f]));
        return gradients.weights;
      },
    };
  };

  const forwardPlain = (encoding: Encoding): Float32Array => {
    const output = dense.apply(pool(encoding), encoding.size);
    if (normalises) l2NormaliseRows(output, schema.outputDimension);
    return output;
  };

  return {
    dense,
    encode,
    forward,
    embed: (inputs) => {
      const out = new Float32Array(inputs.length * schema.outputDimension);
      for (let from = 0; from < inputs.length; from += embedAtOnce) {
        const encoding = encode(inputs.slice(from, from + embedAtOnce), readOnly);
        const isSmall = encoding.size * dense.weights.length <= maxPlainProducts;
        const vectors = isSmall ? forwardPlain(encoding) : tf.valuesOf(() => forward(encoding).output);
        out.set(vectors, from * schema.outputDimension);
      }
      return out;
    },
  };
}
