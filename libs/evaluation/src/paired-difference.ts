/** How two systems compare on the same cases. */
export interface PairedDifference {
  readonly pairs: number;
  /** Mean outcome of the baseline; 0 without pairs. */
  readonly baselineMean: number;
  /** Mean of candidate minus baseline; 0 without pairs. */
  readonly mean: number;
  /** Standard error of that mean; infinite with fewer than two pairs, which show nothing. */
  readonly standardError: number;
}

/**
 * Compares two systems case by case: `d_i = candidate_i - baseline_i`, their mean, and `s / sqrt(n)` with the sample standard
 * deviation s of the d_i. Pairing removes the variance between cases, which is most of it.
 *
 * @param candidate outcome of each case, such as hit (1) or miss (0), `[n]`.
 * @param baseline outcomes of the same cases in the same order, `[n]`.
 * @throws RangeError when the lengths differ.
 * @example pairedDifference([1, 1, 0, 1], [1, 0, 0, 1]); // { pairs: 4, baselineMean: 0.5, mean: 0.25, standardError: 0.25 }
 */
export function pairedDifference(candidate: readonly number[], baseline: readonly number[]): PairedDifference {
  const pairs = baseline.length;
  if (candidate.length !== pairs) {
    throw new RangeError(`paired difference: expected ${pairs} outcomes of the candidate, found ${candidate.length}`);
  }
  const mean = meanOf(candidate.map((outcome, i) => outcome - baseline[i]));
  const squares = candidate.reduce((sum, outcome, i) => sum + (outcome - baseline[i] - mean) ** 2, 0);
  const standardError = pairs < 2 ? Infinity : Math.sqrt(squares / (pairs - 1) / pairs);
  return { pairs, baselineMean: meanOf(baseline), mean, standardError };
}

/**
 * Whether a candidate may replace the baseline: its mean outcome is not lower by more than the greater of 10 % of the baseline's
 * and 3 standard errors. Only a loss that is both large and certain refuses it.
 *
 * @example isAcceptable(pairedDifference(newHits, liveHits));
 */
export function isAcceptable({ mean, baselineMean, standardError }: PairedDifference): boolean {
  return -mean <= Math.max(0.1 * baselineMean, 3 * standardError);
}

function meanOf(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
