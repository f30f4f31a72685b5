import type { Hit } from '@gatehouse/item-index';

import { nextTurn } from '../next-turn';
import type { SourceRequest } from './candidate-source';

type UnseenSearch = Omit<SourceRequest, 'vectors' | 'history' | 'context'> & {
  /** `[dimension]` */
  readonly vector: Float32Array;
};

/**
 * Items whose vectors are nearest to `vector`, without those that the user has seen.
 *
 * The index knows nothing of what users have seen, so the search is widened until enough unseen items are found: first by as many as
 * were seen, at most `limit`, then twofold.
 */
export async function searchUnseen(request: UnseenSearch): Promise<readonly Hit[]> {
  const { pair, vector, limit, filter, exclude, isSeen, seenCount, effort, signal } = request;
  signal.throwIfAborted();
  for (let k = limit + Math.min(seenCount, limit); ; k *= 2) {
    const hits = await pair.index.search({
      vector,
      k,
      exclude,
      signal,
      ...(filter && { filter }),
      ...(effort !== undefined && { effort }),
    });
    const unseen = hits.filter(({ itemId }) => !isSeen(itemId));
    if (unseen.length >= limit || hits.length < k) return unseen.slice(0, limit);
    await nextTurn(signal);
  }
}
