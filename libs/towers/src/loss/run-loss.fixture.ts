import * as tf from '../tf';
import { candidateLoss } from './candidate-loss';
import type { LossMeasures } from './loss-measures';
import type { PlainLossInput } from './plain-loss.fixture';

/** Loss and gradients of the library in plain numbers. */
export interface LossRun {
  readonly loss: number;
  /** `[batch][dim]` */
  readonly queryGradient: number[][];
  /** `[slots][dim]` */
  readonly candidateGradient: number[][];
  readonly scaleGradient: number;
  readonly measures: LossMeasures | undefined;
}

/** Runs the library's loss on plain numbers. */
export function runLoss(input: PlainLossInput, measure = false): LossRun {
  let run: LossRun | undefined;
  tf.tidy(() => {
    const { loss, queryGradient, candidateGradient, scaleGradient, measures } = candidateLoss({
      queries: tf.tensor2d([...input.queries]),
      candidates: tf.tensor2d([...input.candidates]),
      logQ: Float32Array.from(input.logQ),
      itemCodes: Int32Array.from(input.itemCodes),
      weights: Float32Array.from(input.weights),
      hardPerRow: input.hard[0].length,
      hardSlots: Int32Array.from(input.hard.flat()),
      teacherScores: Float32Array.from(input.teacher.flat()),
      temperature: input.temperature,
      similarity: input.similarity,
      inBatch: input.inBatch,
      loss: input.loss,
      measure,
    });
    run = {
      loss,
      queryGradient: queryGradient.arraySync(),
      candidateGradient: candidateGradient.arraySync(),
      scaleGradient,
      measures,
    };
  });
  return run!;
}
