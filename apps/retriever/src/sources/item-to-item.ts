import type { HistoryEntry, ItemId } from '@gatehouse/domain';

import type { CandidateSource } from './candidate-source';
import { searchNearest } from './search-nearest';

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
    const { pair, history, signal } = request;
    const anchors = newestItems(history, newest);
    signal.throwIfAborted();
    const points = anchors.length > 0 ? await pair.index.get(anchors, signal) : [];
    const vectors = points.map(({ vector }) => vector);
    return searchNearest(request, vectors, new Set([...request.exclude, ...anchors]));
  };
}

function newestItems(history: readonly HistoryEntry[], count: number): ItemId[] {
  const found = new Set<ItemId>();
  for (let i = history.length - 1; i >= 0 && found.size < count; i--) found.add(history[i].itemId);
  return [...found];
}
