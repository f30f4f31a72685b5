import { compileFilter, type Hit } from '@gatehouse/item-index';

import { nextTurn } from '../next-turn';
import type { SourceRequest } from './candidate-source';

/** Items looked up in the index at once, at least: most requests need one look. */
const minLookup = 64;
/** Items of a ranking that one request looks up at most: a rare filter must not walk through a whole catalogue. */
const maxLookedUp = 10_000;

/**
 * The first `limit` items of a ranking that may be answered: neither excluded nor seen, held by the pair's index, and passing the filter
 * by the attributes that the index holds. So an item that the catalogue or the model version lacks is in no answer.
 *
 * @param ranked best first; read only as far as needed, at most 10,000 items that are neither excluded nor seen.
 */
export async function pickServable(request: SourceRequest, ranked: Iterable<Hit>): Promise<Hit[]> {
  const { pair, limit, filter, exclude, isSeen, signal } = request;
  const matches = filter && compileFilter(filter);
  const wanted = Math.max(limit, minLookup);
  const picked: Hit[] = [];
  let waiting: Hit[] = [];
  let lookedUp = 0;
  const lookUp = async (): Promise<void> => {
    signal.throwIfAborted();
    const points = await pair.index.get(
      waiting.map(({ itemId }) => itemId),
      signal,
    );
    const servable = new Set(
      points.filter(({ attributes }) => !matches || matches(attributes)).map(({ itemId }) => itemId),
    );
    picked.push(...waiting.filter(({ itemId }) => servable.has(itemId)));
    lookedUp += waiting.length;
    waiting = [];
  };
  for (const { itemId, score } of ranked) {
    if (exclude.has(itemId) || isSeen(itemId)) continue;
    waiting.push({ itemId, score });
    if (waiting.length < wanted) continue;
    await lookUp();
    if (picked.length >= limit || lookedUp >= maxLookedUp) break;
    await nextTurn(signal);
  }
  if (waiting.length > 0) await lookUp();
  return picked.slice(0, limit);
}
