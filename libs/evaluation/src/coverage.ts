import type { ItemId } from '@gatehouse/domain';

/**
 * Share of the catalogue that appears in at least one answer: `|union of the answers & catalogue| / |catalogue|`.
 *
 * @throws RangeError when the catalogue is empty.
 * @example coverage([['a', 'b'], ['b']], new Set(['a', 'b', 'c', 'd'])); // 0.5
 */
export function coverage(answers: Iterable<Iterable<ItemId>>, catalogue: ReadonlySet<ItemId>): number {
  if (catalogue.size === 0) throw new RangeError('coverage: expected a catalogue with items, found none');
  const shown = new Set<ItemId>();
  for (const answer of answers) {
    for (const itemId of answer) if (catalogue.has(itemId)) shown.add(itemId);
  }
  return shown.size / catalogue.size;
}
