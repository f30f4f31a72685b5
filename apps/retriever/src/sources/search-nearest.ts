import type { ItemId } from '@gatehouse/domain';
import type { Hit } from '@gatehouse/item-index';

import { startInTurns } from '../start-in-turns';
import type { SourceRequest } from './candidate-source';
import { searchUnseen } from './search-unseen';

/**
 * Unseen items nearest to any of several vectors, each `[dimension]`: `score(item) = max over the vectors of similarity(item, vector)`.
 * Every vector is a search of its own.
 */
export async function searchNearest(
  request: SourceRequest,
  vectors: readonly Float32Array[],
  exclude = request.exclude,
): Promise<readonly Hit[]> {
  if (vectors.length === 1) return searchUnseen({ ...request, vector: vectors[0], exclude });
  const searches = vectors.map((vector) => () => searchUnseen({ ...request, vector, exclude }));
  const best = new Map<ItemId, number>();
  for (const ended of await startInTurns(searches, request.signal)) {
    if (ended.status === 'rejected') throw ended.reason;
    for (const { itemId, score } of ended.value) {
      const before = best.get(itemId);
      if (before === undefined || score > before) best.set(itemId, score);
    }
  }
  return Array.from(best, ([itemId, score]): Hit => ({ itemId, score }))
    .sort((a, b) => b.score - a.score || (a.itemId < b.itemId ? -1 : 1))
    .slice(0, request.limit);
}
