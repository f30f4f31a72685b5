import type { TargetRank } from './rank-of-target';

/**
 * Hit@k of one target: 1 when it is among the first k, 0 when not, and in between when ties straddle the cut: the probability
 * of a hit when ties are broken at random, `clamp((k - greater) / (ties + 1), 0, 1)`.
 *
 * With one target per query, its mean over queries is recall@k (HR@k).
 *
 * @example expectedHit({ greater: 9, ties: 1, rank: 10.5 }, 10); // 0.5: place 10 or 11
 */
export function expectedHit({ greater, ties }: TargetRank, k: number): number {
  return Math.min(1, Math.max(0, (k - greater) / (ties + 1)));
}
