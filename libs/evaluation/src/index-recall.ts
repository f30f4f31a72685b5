import type { ItemId } from '@gatehouse/domain';

/** One found item. Greater scores are better. */
export interface ScoredItem {
  readonly itemId: ItemId;
  readonly score: number;
}

/** Scores this close, relative to the greater of 1 and their size, are equal: two adapters round differently. */
const tolerance = 1e-5;

/**
 * Recall@k of an approximate search against the exact one for the same query: the share of the exact first k that were found.
 *
 * An item of the exact first k counts by its id, whatever score the index gives it. Items whose exact scores tie at place k are
 * interchangeable (cold items share one vector): in place of each, any found item will do whose score equals the k-th within 1e-5.
 * A better score than that, from an item that the exact search did not place, is an error of the index and counts nothing.
 *
 * @param approximate what the index found, best first.
 * @param exact what an exact search found, best first. Fewer than k when the catalogue holds fewer.
 * @returns in [0, 1]; 1 when the exact search found nothing, for then nothing was missed.
 * @example indexRecall([{ itemId: 'a', score: 1 }], [{ itemId: 'a', score: 1 }, { itemId: 'b', score: 0.5 }], 2); // 0.5
 */
export function indexRecall(approximate: readonly ScoredItem[], exact: readonly ScoredItem[], k: number): number {
  const expected = exact.slice(0, k);
  if (expected.length === 0) return 1;
  const last = expected[expected.length - 1].score;
  const tiesLast = ({ score }: ScoredItem): boolean =>
    Math.abs(score - last) <= tolerance * Math.max(1, Math.abs(last));
  const better = idsOf(expected.filter((hit) => !tiesLast(hit)));
  const tied = idsOf(expected.filter(tiesLast));

  const found = approximate.slice(0, expected.length);
  const foundBetter = idsOf(found.filter(({ itemId }) => better.has(itemId)));
  const foundTied = idsOf(found.filter((hit) => tied.has(hit.itemId) || (tiesLast(hit) && !better.has(hit.itemId))));
  return (foundBetter.size + Math.min(foundTied.size, tied.size)) / expected.length;
}

function idsOf(hits: readonly ScoredItem[]): Set<ItemId> {
  return new Set(hits.map(({ itemId }) => itemId));
}
