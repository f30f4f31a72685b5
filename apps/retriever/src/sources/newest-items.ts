import { hashIds, type ItemId } from '@gatehouse/domain';
import type { Hit } from '@gatehouse/item-index';

import type { ItemListener } from '../follow-items';
import type { CandidateSource } from './candidate-source';
import { pickServable } from './pick-servable';

/** The items that came into the catalogue last. */
export interface NewestItems extends ItemListener {
  readonly source: CandidateSource;
}

/**
 * Creates an empty list of the `count` items that were first seen last, and available.
 *
 * An item is new once: changes move it nowhere, and one that is not available for a while comes back to its place. One that is taken out
 * of the catalogue is forgotten, and new when it returns.
 *
 * `score = 1 - place / length`, place from 0 at the newest: 1 for the newest, falling evenly.
 *
 * Memory: `count` ids, and a number for each item of the catalogue, of about 40 bytes, that tells the new from the changed.
 */
export function createNewestItems(count: number): NewestItems {
  /** Items by the time they were first seen, the oldest first, and whether they are available. */
  const listed = new Map<ItemId, boolean>();
  const known = new Set<number>();
  let ranking: readonly Hit[] | undefined;
  return {
    put: ({ itemId, available }) => {
      const key = keyOf(itemId);
      if (!available || known.has(key)) {
        if (listed.has(itemId)) list(itemId, available);
        return;
      }
      known.add(key);
      list(itemId, true);
      if (listed.size > count) listed.delete(listed.keys().next().value ?? '');
    },
    remove: (itemId) => {
      known.delete(keyOf(itemId));
      listed.delete(itemId);
      ranking = undefined;
    },
    clear: () => {
      listed.clear();
      known.clear();
      ranking = undefined;
    },
    source: (request) => {
      if (!ranking) {
        const newest = [...listed.entries()].filter(([, isAvailable]) => isAvailable).reverse();
        ranking = newest.map(([itemId], place) => ({ itemId, score: 1 - place / newest.length }));
      }
      return pickServable(request, ranking);
    },
  };

  function list(itemId: ItemId, available: boolean): void {
    listed.set(itemId, available); // where it stood, if it did
    ranking = undefined;
  }
}

/** 53 of the 64 bits: among a million items, one is taken for another with a chance of 1 in 18,000. */
function keyOf(itemId: ItemId): number {
  const [low, high] = hashIds([itemId]);
  return (high >>> 11) * 2 ** 32 + low;
}
