import * as tf from '../tf';
import type { PlainSoftmaxInput } from './plain-softmax.fixture';
import { candidateLoss } from './candidate-loss';

/** Loss and gradients of the library in plain numbers. */
export interface SoftmaxRun {
  readonly loss: number;
  /** `[batch][dim]` */
  readonly queryGradient: number[][];
  /** `[candidates][dim]` */
  readonly candidateGradient: number[][];
}

/** Runs the library's sampled softmax on plain numbers. */
export function runSoftmax(input: PlainSoftmaxInput): SoftmaxRun {
  let run: SoftmaxRun = { loss: NaN, queryGradient: [], candidateGradient: [] };
  tf.tidy(() => {
    const { loss, queryGradient, candidateGradient } = candidateLoss({
      queries: tf.tensor2d([...input.queries]),
      candidates: tf.tensor2d([...input.candidates]),
      logQ: Float32Array.from(input.logQ),
      itemCodes: Int32Array.from(input.itemCodes),
      weights: Float32Array.from(input.weights),
      hardPerRow: 0,
      hardSlots: new Int32Array(0),
      temperature: input.temperature,
      similarity: 'dot',
      inBatch: input.inBatch,
      loss: { kind: 'softmax', form: input.form, matryoshka: [input.queries[0].length] },
    });
    run = { loss, queryGradient: queryGradient.arraySync(), candidateGradient: candidateGradient.arraySync() };
  });
  return run;
}
