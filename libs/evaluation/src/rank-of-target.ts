/** Where one item stands among its rivals. */
export interface TargetRank {
  /** Rivals that score higher. */
  readonly greater: number;
  /** Rivals that score the same. */
  readonly ties: number;
  /** `1 + greater + ties / 2`: the mean 1-based rank when ties are broken at random. */
  readonly rank: number;
}

/**
 * Ranks one item among all items of a catalogue by score, without sorting.
 *
 * Its rivals are all other positions but the excluded ones. A score that is NaN ranks behind every rival, and a rival whose
 * score is NaN ranks ahead: a broken model never looks good.
 *
 * @param scores of the whole catalogue by position, `[items]`; greater is better. Over a sample of it, ranks mean nothing.
 * @param target position of the item; it takes part even when it is excluded.
 * @param excluded positions that take no part, such as the items the user has seen, each once.
 * @returns the rank; see {@link expectedHit} and {@link expectedNdcg} for metrics of it.
 * @throws RangeError when a position lies outside of the scores.
 * @example rankOfTarget(Float32Array.of(0.9, 0.5, 0.5, 0.1), 1, [0]); // { greater: 0, ties: 1, rank: 1.5 }
 */
export function rankOfTarget(scores: Float32Array, target: number, excluded: Iterable<number> = []): TargetRank {
  checkPosition(scores, target);
  const own = scores[target];
  let notBelow = -1; // the target is not below itself
  let ties = Number.isNaN(own) ? 0 : -1;
  for (const score of scores) {
    if (!(score < own)) notBelow++;
    if (score === own) ties++;
  }
  for (const position of excluded) {
    checkPosition(scores, position);
    if (position === target) continue;
    if (!(scores[position] < own)) notBelow--;
    if (scores[position] === own) ties--;
  }
  const greater = notBelow - ties;
  return { greater, ties, rank: 1 + greater + ties / 2 };
}

function checkPosition(scores: Float32Array, position: number): void {
  if (position in scores) return;
  throw new RangeError(`rank of target: expected a position below ${scores.length}, found ${position}`);
}
