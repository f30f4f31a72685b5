import type { TargetRank } from './rank-of-target';

/** Gain of a relevant item at a 1-based place. */
function discount(place: number): number {
  return 1 / Math.log2(place + 1);
}

/**
 * NDCG@k of one answer with binary relevance: `DCG / IDCG`, where DCG sums `1 / log2(r + 1)` over the relevant items at 1-based
 * places r <= k, and IDCG is the same sum for r = 1 .. min(k, |relevant|) (Järvelin and Kekäläinen 2002).
 *
 * @param ranked the answer, best first, without duplicates.
 * @throws RangeError when nothing is relevant: leave such queries out of the mean.
 * @example ndcgAtK(['a', 'b'], new Set(['b']), 10); // 1 / log2(3) = 0.63
 */
export function ndcgAtK<Id>(ranked: readonly Id[], relevant: ReadonlySet<Id>, k: number): number {
  if (relevant.size === 0) throw new RangeError('NDCG: expected at least 1 relevant item, found 0');
  let dcg = 0;
  for (const [i, id] of ranked.slice(0, k).entries()) {
    if (relevant.has(id)) dcg += discount(i + 1);
  }
  let ideal = 0;
  for (let place = 1; place <= Math.min(k, relevant.size); place++) ideal += discount(place);
  return dcg / ideal;
}

/**
 * NDCG@k of one target: `1 / log2(rank + 1)` when it is among the first k, else 0; with ties the mean over the places that it
 * takes when they are broken at random.
 *
 * @example expectedNdcg({ greater: 0, ties: 1, rank: 1.5 }, 10); // (1 + 1 / log2(3)) / 2 = 0.815
 */
export function expectedNdcg({ greater, ties }: TargetRank, k: number): number {
  let sum = 0;
  for (let place = greater + 1; place <= Math.min(k, greater + ties + 1); place++) sum += discount(place);
  return sum / (ties + 1);
}
