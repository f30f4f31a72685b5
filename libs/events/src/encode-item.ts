import type { Item } from '@gatehouse/domain';
import { encodeJson } from './encode-json';

/**
 * Bytes of one catalogue item as JSON; the inverse of `decodeItem`.
 *
 * @throws RangeError above 64 KiB.
 */
export function encodeItem(item: Item): Uint8Array {
  return encodeJson('item', item);
}
