import { l2Normalise } from '../dense/l2-normalise';
import * as tf from '../tf';
import type { LossInput, LossResult } from './candidate-loss';

/**
 * Sums a loss over prefixes of the vectors, so that each prefix can be searched by itself: `L = sum_m L(q[:m], c[:m])`. Prefixes of
 * unit vectors are made unit vectors again. Measures are those of the whole vectors.
 * Source: Kusupati et al. 2022, "Matryoshka representation learning", eq. 1, with all weights 1.
 */
export function overPrefixes(input: LossInput, ofVectors: (input: LossInput) => LossResult): LossResult {
  const { matryoshka } = input.loss;
  const dimension = input.queries.shape[1];
  return matryoshka
    .map((length) => (length === dimension ? ofVectors(input) : ofPrefix(input, length, ofVectors)))
    .reduce((sum, next) => ({
      loss: sum.loss + next.loss,
      queryGradient: tf.add(sum.queryGradient, next.queryGradient),
      candidateGradient: tf.add(sum.candidateGradient, next.candidateGradient),
      scaleGradient: sum.scaleGradient + next.scaleGradient,
      ...(next.measures && { measures: next.measures }),
    }));
}

function ofPrefix(input: LossInput, length: number, ofVectors: (input: LossInput) => LossResult): LossResult {
  const queries = cut(input.queries, length, input.similarity);
  const candidates = cut(input.candidates, length, input.similarity);
  const result = ofVectors({ ...input, queries: queries.output, candidates: candidates.output, measure: false });
  return {
    ...result,
    queryGradient: queries.backward(result.queryGradient),
    candidateGradient: candidates.backward(result.candidateGradient),
  };
}

interface Cut {
  readonly output: tf.Tensor2D;
  backward(gradient: tf.Tensor2D): tf.Tensor2D;
}

function cut(vectors: tf.Tensor2D, length: number, similarity: LossInput['similarity']): Cut {
  const [rows, dimension] = vectors.shape;
  const prefix = tf.slice(vectors, [0, 0], [rows, length]);
  const unit = similarity === 'cosine' ? l2Normalise(prefix) : undefined;
  return {
    output: unit?.output ?? prefix,
    backward: (gradient) =>
      tf.pad(unit?.backward(gradient) ?? gradient, [
        [0, 0],
        [0, dimension - length],
      ]),
  };
}
