import { type ItemId, type Snapshot, type Stateful, tensorOf } from '@gatehouse/domain';

/** An item and how often it occurred. */
export interface PopularItem {
  readonly itemId: ItemId;
  readonly count: number;
}

/** How often each item occurred so far: a source of candidates, and the baseline that every model must beat. */
export interface Popularity extends Stateful {
  observe(itemId: ItemId): void;
  /** 0 for an item that never occurred. */
  count(itemId: ItemId): number;
  /** The `n` most frequent items, or all there are: most frequent first, equal counts by item id in code unit order. */
  top(n: number): PopularItem[];
  /**
   * Counts of a catalogue as scores by position, `[itemIds.length]`: ranks by popularity come from the same
   * `rankOfTarget` as a model's. Exact up to 2^24 occurrences an item.
   */
  scores(itemIds: readonly ItemId[]): Float32Array;
}

/**
 * Creates empty counts.
 *
 * @param name of the part in the checkpoint.
 * @example
 * const popularity = createPopularity('popularity');
 * popularity.observe('42');
 * popularity.top(10); // [{ itemId: '42', count: 1 }]
 */
export function createPopularity(name: string): Popularity {
  let counts = new Map<ItemId, number>();
  const count = (itemId: ItemId): number => counts.get(itemId) ?? 0;
  return {
    name,
    observe: (itemId) => {
      counts.set(itemId, count(itemId) + 1);
    },
    count,
    top: (n) =>
      Array.from(counts, ([itemId, each]) => ({ itemId, count: each }))
        .sort((a, b) => b.count - a.count || (a.itemId < b.itemId ? -1 : 1))
        .slice(0, n),
    scores: (itemIds) => Float32Array.from(itemIds, count),
    snapshot: (): Snapshot => {
      const ids = new TextEncoder().encode(JSON.stringify([...counts.keys()])); // too many for metadata
      return {
        tensors: {
          ids: { dtype: 'U8', shape: [ids.length], data: ids },
          counts: { dtype: 'F64', shape: [counts.size], data: Float64Array.from(counts.values()) },
        },
        metadata: null,
      };
    },
    restore: (snapshot) => {
      const ids = JSON.parse(new TextDecoder().decode(tensorOf(name, snapshot, 'ids', 'U8'))) as ItemId[];
      const saved = tensorOf(name, snapshot, 'counts', 'F64', ids.length);
      counts = new Map(ids.map((itemId, i) => [itemId, saved[i]]));
    },
  };
}
