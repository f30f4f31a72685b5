import type { Impression } from '@gatehouse/domain';
import { encodeJson } from './encode-json';

/**
 * Bytes of one impression as JSON; the inverse of `decodeImpression`.
 *
 * @throws RangeError above 64 KiB.
 */
export function encodeImpression(impression: Impression): Uint8Array {
  return encodeJson('impression', impression);
}
