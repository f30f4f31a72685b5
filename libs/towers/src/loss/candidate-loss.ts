import type { LossSpec, ScoreSpec } from '@gatehouse/schema';

import type * as tf from '../tf';
import { blockwiseLoss } from './blockwise-loss';
import { checkShapes } from './check-shapes';
import { chooseRowLoss } from './choose-row-loss';
import type { LossMeasures } from './loss-measures';
import { overPrefixes } from './over-prefixes';
import { symmetricLoss } from './symmetric-loss';

/** Candidates of one step and their correction. */
export interface LossInput {
  /** Query vectors, `[batch, dim]`. */
  readonly queries: tf.Tensor2D;
  /**
   * Candidate vectors, `[slots, dim]`. Slot i < batch holds the positive of row i; slots up to `logQ.length` are shared candidates;
   * those after them are hard negatives, which only the rows that name them see.
   */
  readonly candidates: tf.Tensor2D;
  /** log of the expected number of times each slot's item occurs among the shared candidates, `[shared]`. */
  readonly logQ: Float32Array;
  /** Equal numbers mean equal items, `[slots]`. */
  readonly itemCodes: Int32Array;
  /** Weight of each row, `[batch]`. */
  readonly weights: Float32Array;
  readonly hardPerRow: number;
  /** Slot of each row's hard negatives, -1 for none, `[batch * hardPerRow]`. */
  readonly hardSlots: Int32Array;
  /** A teacher's scores of the positive and then of each hard negative, NaN for unknown, `[batch * (1 + hardPerRow)]`. */
  readonly teacherScores?: Float32Array | undefined;
  readonly temperature: number;
  /** `cosine`: the vectors are of length 1. */
  readonly similarity: ScoreSpec['similarity'];
  /** Whether other rows' positives serve as candidates. */
  readonly inBatch: boolean;
  readonly loss: LossSpec;
  /** Whether to measure the candidates too, at the cost of a pass over the logits. @default false */
  readonly measure?: boolean | undefined;
}

/** Loss and its gradients. The tensors belong to the enclosing `tidy`. */
export interface LossResult {
  /** Weighted mean over the rows, summed over the prefixes. */
  readonly loss: number;
  /** `[batch, dim]` */
  readonly queryGradient: tf.Tensor2D;
  /** `[slots, dim]` */
  readonly candidateGradient: tf.Tensor2D;
  /** d loss / d log(1 / temperature). */
  readonly scaleGradient: number;
  /** Of the whole vectors; present when asked for. */
  readonly measures?: LossMeasures | undefined;
}

/**
 * A loss of queries and candidates, with its gradient in closed form.
 *
 * With scores `s_ij = q_i . c_j` every row has its positive, the shared candidates that count in it, and its own hard negatives. The
 * row's loss L_i is that of `input.loss`, a file each in `rows`, and the loss is `sum_i w_i L_i / sum_i w_i`. A row without any
 * candidate that counts has nothing to learn from: it adds neither loss nor gradient. `info-nce` takes the mean of both directions;
 * Matryoshka prefixes each get the loss, and their losses are summed.
 *
 * Naive automatic differentiation of the same is 5 to 9 times slower on the wasm backend. Call within `tidy`.
 *
 * @throws RangeError when shapes disagree.
 * @example
 * const { loss } = candidateLoss({ queries, candidates, logQ, itemCodes, weights, hardPerRow: 0, hardSlots: new Int32Array(0),
 *   temperature: 0.1, similarity: 'cosine', inBatch: true, loss: { kind: 'softmax', form: 'corrected', matryoshka: [64] } });
 */
export function candidateLoss(input: LossInput): LossResult {
  checkShapes(input);
  const rowLoss = chooseRowLoss(input.loss);
  const ofVectors = (at: LossInput): LossResult =>
    at.loss.kind === 'info-nce' ? symmetricLoss(at, rowLoss) : blockwiseLoss(at, rowLoss);
  return overPrefixes(input, ofVectors);
}
