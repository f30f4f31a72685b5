/**
 * Recall@k of one answer: the share of the relevant items that are among its first k, `|first k & relevant| / |relevant|`.
 *
 * @param ranked the answer, best first, without duplicates.
 * @throws RangeError when nothing is relevant: leave such queries out of the mean.
 * @example recallAtK(['a', 'b', 'c'], new Set(['b', 'z']), 2); // 0.5
 */
export function recallAtK<Id>(ranked: readonly Id[], relevant: ReadonlySet<Id>, k: number): number {
  if (relevant.size === 0) throw new RangeError('recall: expected at least 1 relevant item, found 0');
  return ranked.slice(0, k).filter((id) => relevant.has(id)).length / relevant.size;
}
