import type { ItemId } from '@gatehouse/domain';

/** Ids that are remembered: about 150 MB of them. Beyond, the memory begins anew. */
const defaultMost = 1_000_000;

/** Reads the ids of items by the ids of their points, leaving out points that are not there. */
export type ReadItemIds = (pointIds: readonly string[]) => Promise<ReadonlyMap<string, ItemId>>;

/** Tells which items points stand for. A point's item never changes, so what was read once holds. */
export interface ItemIds {
  /** By point; without the points that are gone. */
  of(pointIds: readonly string[]): Promise<ReadonlyMap<string, ItemId>>;
}

/** Remembers the items of points, so that answers of a server need not carry them: most of the work of a search is to parse its answer. */
export function createItemIds(read: ReadItemIds, most = defaultMost): ItemIds {
  let known = new Map<string, ItemId>();
  return {
    of: async (pointIds) => {
      const unknown = pointIds.filter((pointId) => !known.has(pointId));
      if (unknown.length === 0) return known;
      const fresh = await read(unknown);
      // The old one stays whole for those who still look into it.
      if (known.size + fresh.size > most)
        known = new Map(pointIds.flatMap((id) => (known.has(id) ? [[id, known.get(id) as ItemId]] : [])));
      for (const [pointId, itemId] of fresh) known.set(pointId, itemId);
      return known;
    },
  };
}
