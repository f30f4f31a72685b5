import { createHash } from 'node:crypto';

import type { ItemId } from '@gatehouse/domain';

/** Namespace of item ids, drawn once at random. */
const namespace = Buffer.from('6f2a3c0e5d714c4b9a8e21b7d5f0c394', 'hex');

/**
 * The id of an item's point: its UUID of version 5 (RFC 9562, section 5.5), since Qdrant takes only numbers and UUIDs. The same item has
 * the same point in every index.
 *
 * @example pointIdOf('i1'); // always the same UUID
 */
export function pointIdOf(itemId: ItemId): string {
  const hash = createHash('sha1').update(namespace).update(itemId).digest().subarray(0, 16);
  hash[6] = (hash[6] & 0x0f) | 0x50;
  hash[8] = (hash[8] & 0x3f) | 0x80;
  const hex = hash.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
