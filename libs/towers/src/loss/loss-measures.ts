/** What one step's candidates were like. */
export interface LossMeasures {
  /** Smallest and largest logit, over positives and the candidates that count. */
  readonly logitMin: number;
  readonly logitMax: number;
  /**
   * How many negatives carry the gradient: the mean over rows of `(sum_j |g_j|)^2 / sum_j g_j^2`, g the gradient by the negatives'
   * logits. All alike: their number; one alone: 1 (Kish 1965, the effective sample size).
   */
  readonly effectiveNegatives: number;
  /** Share of the shared candidates of a row that are its positive once more, its own slot apart. */
  readonly accidentalHitShare: number;
}

/** Sums of {@link LossMeasures} over blocks of rows. */
export interface MeasureSums {
  logitMin: number;
  logitMax: number;
  effectiveSum: number;
  /** Rows with a gradient. */
  rows: number;
  hits: number;
  pairs: number;
}

/** Nothing measured yet. */
export function emptySums(): MeasureSums {
  return { logitMin: Infinity, logitMax: -Infinity, effectiveSum: 0, rows: 0, hits: 0, pairs: 0 };
}

/** The figures of the sums. */
export function measuresOf({ logitMin, logitMax, effectiveSum, rows, hits, pairs }: MeasureSums): LossMeasures {
  return {
    logitMin,
    logitMax,
    effectiveNegatives: rows === 0 ? 0 : effectiveSum / rows,
    accidentalHitShare: pairs === 0 ? 0 : hits / pairs,
  };
}
