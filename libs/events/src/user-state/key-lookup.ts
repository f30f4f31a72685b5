import type { Keys } from '@gatehouse/domain';

/**
 * Exact membership test over 64-bit keys: an open-addressing table at half load, built in one pass.
 *
 * @example keyLookup(hashIds(['a']))(...hashIds(['a'])); // true
 */
export function keyLookup(keys: Keys): (low: number, high: number) => boolean {
  const count = keys.length / 2;
  let size = 4;
  while (size < count * 2) size *= 2;
  const mask = size - 1;
  /** Position of a key plus one; 0 is free. */
  const slots = new Uint32Array(size);
  /** Slot that holds the key, or the free one where it belongs. */
  const slotOf = (low: number, high: number): number => {
    let slot = low & mask;
    for (; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const at = (slots[slot] - 1) * 2;
      if (keys[at] === low && keys[at + 1] === high) break;
    }
    return slot;
  };
  for (let i = 0; i < count; i++) slots[slotOf(keys[i * 2], keys[i * 2 + 1])] = i + 1;
  return (low, high) => slots[slotOf(low, high)] !== 0;
}
