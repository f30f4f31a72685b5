import type { HistoryEntry, ItemId } from '@gatehouse/domain';
import type { Hit } from '@gatehouse/item-index';

import { startInTurns } from '../start-in-turns';
import type { CandidateSource } from './candidate-source';
import { searchUnseen } from './search-unseen';

/**
 * Neighbours of the user's newest items, by the item vectors of the pair's own index.
 *
 * `score(item) = max over the newest items h that the index holds of similarity(vector of item, vector of h)`. The newest items
 * themselves are left out. Without history, or when the index holds none of it, nothing is found.
 *
 * @param newest how many different items of the history are looked at, from its end.
 */
export function createItemToItem(newest: number): CandidateSource {
  return async (request) => {
    const { pair, history, limit, signal } = request;
    const anchors = newestItems(history, newest);
    signal.throwIfAborted();
    const points = anchors.length > 0 ? await pair.index.get(anchors) : [];
    const exclude = new Set([...request.exclude, ...anchors]);
    const searches = points.map(
      ({ vector }) =>
        () =>
          searchUnseen({ ...request, vector, exclude }),
    );
    const best = new Map<ItemId, number>();
    for (const ended of await startInTurns(searches, signal)) {
      if (ended.status === 'rejected') throw ended.reason;
      for (const { itemId, score } of ended.value) {
        const before = best.get(itemId);
        if (before === undefined || score > before) best.set(itemId, score);
      }
    }
    return Array.from(best, ([itemId, score]): Hit => ({ itemId, score }))
      .sort((a, b) => b.score - a.score || (a.itemId < b.itemId ? -1 : 1))
      .slice(0, limit);
  };
}

function newestItems(history: readonly HistoryEntry[], count: number): ItemId[] {
  const found = new Set<ItemId>();
  for (let i = history.length - 1; i >= 0 && found.size < count; i--) found.add(history[i].itemId);
  return [...found];
}
