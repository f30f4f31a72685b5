import type * as tf from '../tf';

/**
 * The logits of some rows. A logit is a score over the temperature, or the score itself for a loss on scores. Everything here belongs
 * to the enclosing `tidy`.
 */
export interface LogitBlock {
  /** `[rows, 1]` */
  readonly positive: tf.Tensor2D;
  /** Shared candidates, `[rows, shared]`. */
  readonly shared: tf.Tensor2D;
  /** Which of them count in the row; see {@link RowLoss.keepsAccidentalHits}. */
  readonly sharedChoice: Choice;
  /** log of the expected number of each shared candidate's item, `[shared]`. */
  readonly logQ: tf.Tensor1D;
  /** The same of the row's positive, `[rows, 1]`. */
  readonly positiveLogQ: tf.Tensor2D;
  /** The row's hard negatives, or undefined where the step has none. */
  readonly hard: HardBlock | undefined;
  /** A teacher's scores of positive and hard negatives, 0 where it has none, `[rows, 1 + hard]`; only in a block with `hard`. */
  readonly teacher: tf.Tensor2D | undefined;
}

/** Candidates that one row alone sees. */
export interface HardBlock {
  /** `[rows, hard]` */
  readonly logits: tf.Tensor2D;
  /** Where there is one. */
  readonly choice: Choice;
}

/** Which candidates count, `[rows, candidates]`, in the two forms that losses need. */
export interface Choice {
  /** 0 where a candidate counts, else -1e30: added to a logit, it makes the exponential 0, and differences stay finite. */
  readonly mask: tf.Tensor2D;
  /** 1 where a candidate counts, else 0. Computed when it is read. */
  readonly counts: tf.Tensor2D;
}

/** Loss of each row, and its gradient by each logit. What does not count has gradient 0. */
export interface RowLossResult {
  /** `[rows, 1]` */
  readonly loss: tf.Tensor2D;
  /** `[rows, 1]` */
  readonly positive: tf.Tensor2D;
  /** `[rows, shared]`; undefined where the loss does not look at them. */
  readonly shared?: tf.Tensor2D | undefined;
  /** `[rows, hard]`; undefined without hard negatives. */
  readonly hard?: tf.Tensor2D | undefined;
}

/** A loss, row by row. */
export interface RowLoss {
  /** Whether it works on scores instead of scores over the temperature. */
  readonly onScores: boolean;
  /** Whether occurrences of the row's positive among the shared candidates count: for noise that is drawn as it comes. */
  readonly keepsAccidentalHits: boolean;
  /** Whether shared candidates count at all. */
  readonly usesShared: boolean;
  compute(block: LogitBlock): RowLossResult;
}
