import type { Keys } from '@gatehouse/domain';

/** Counts by 64-bit key. */
export interface KeyCounts {
  /** Keys that were counted. */
  readonly size: number;
  /** Adds to the count of the key `(low, high)`. `by` is positive. */
  add(low: number, high: number, by: number): void;
  /** Count of the key, 0 when it was never added. */
  get(low: number, high: number): number;
  /** All keys `[size * 2]` and their counts `[size]`, in the same order. */
  entries(): { readonly keys: Keys; readonly counts: Float64Array };
}

const initialSlots = 1024;

/**
 * An open-addressing table in typed arrays (linear probing, at most half full): 32 to 64 bytes a key, where a Map of bigints
 * needs over 100. Keys are hashes already, so their low word is the address.
 *
 * @example
 * const counts = createKeyCounts();
 * counts.add(keys[0], keys[1], 1);
 */
export function createKeyCounts(): KeyCounts {
  let size = 0;
  let table = emptyTable(initialSlots);

  const slotOf = (low: number, high: number): number => {
    const { keys, counts } = table;
    const mask = counts.length - 1;
    let slot = low & mask;
    while (counts[slot] !== 0 && (keys[2 * slot] !== low || keys[2 * slot + 1] !== high)) slot = (slot + 1) & mask;
    return slot;
  };

  const add = (low: number, high: number, by: number): void => {
    const slot = slotOf(low, high);
    if (table.counts[slot] === 0) {
      table.keys[2 * slot] = low;
      table.keys[2 * slot + 1] = high;
      size++;
    }
    table.counts[slot] += by;
    if (2 * size > table.counts.length) grow();
  };

  const entries = (): { keys: Keys; counts: Float64Array } => {
    const dense = { keys: new Uint32Array(2 * size), counts: new Float64Array(size) };
    let next = 0;
    for (const [slot, count] of table.counts.entries()) {
      if (count === 0) continue;
      dense.keys.set(table.keys.subarray(2 * slot, 2 * slot + 2), 2 * next);
      dense.counts[next++] = count;
    }
    return dense;
  };

  const grow = (): void => {
    const { keys, counts } = entries();
    table = emptyTable(2 * table.counts.length);
    size = 0;
    for (const [i, count] of counts.entries()) add(keys[2 * i], keys[2 * i + 1], count);
  };

  return {
    get size() {
      return size;
    },
    add,
    get: (low, high) => table.counts[slotOf(low, high)],
    entries,
  };
}

/** A count of 0 marks a free slot. */
function emptyTable(slots: number): { readonly keys: Keys; readonly counts: Float64Array } {
  return { keys: new Uint32Array(2 * slots), counts: new Float64Array(slots) };
}
