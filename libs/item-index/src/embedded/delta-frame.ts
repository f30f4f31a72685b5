import type { ItemId } from '@gatehouse/domain';
import { crc32 } from 'node:zlib';

import type { Attributes, IndexPoint } from '../item-index';

/** What one call changed. */
export interface Change {
  readonly upserts: readonly IndexPoint[];
  readonly removals: readonly ItemId[];
}

/** What {@link decodeFrames} found. */
export interface DecodedFrames {
  readonly changes: readonly Change[];
  /** Bytes of the whole frames. What follows is not, or not yet, one. */
  readonly wholeBytes: number;
  /** True when the bytes after the whole frames cannot be the unfinished last write. */
  readonly damaged: boolean;
}

/** Payload length and CRC-32 of the payload, both unsigned 32-bit little-endian. */
const headerBytes = 8;

interface Names {
  readonly upserts: readonly (readonly [ItemId, Attributes])[];
  readonly removals: readonly ItemId[];
}

/**
 * Encodes a change as one frame of the delta log: header, then the payload: byte length of the names, names as JSON, vectors as
 * float32 `[upserts, dimension]`, little-endian.
 */
export function encodeFrame({ upserts, removals }: Change): Buffer {
  const names: Names = { upserts: upserts.map(({ itemId, attributes }) => [itemId, attributes]), removals };
  const json = Buffer.from(JSON.stringify(names));
  const jsonLength = Buffer.alloc(4);
  jsonLength.writeUInt32LE(json.length);
  const vectors = upserts.map(({ vector }) => Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength));
  const payload = Buffer.concat([jsonLength, json, ...vectors]);
  const header = Buffer.alloc(headerBytes);
  header.writeUInt32LE(payload.length, 0);
  header.writeUInt32LE(crc32(payload), 4);
  return Buffer.concat([header, payload]);
}

/**
 * Decodes the frames at the start of `bytes`. Every write is durable before the next one begins, so only the last frame can be
 * unfinished or torn; a bad one with bytes after it is damage. An empty payload is never written: zeros are what a torn write leaves.
 */
export function decodeFrames(bytes: Buffer, dimension: number): DecodedFrames {
  const changes: Change[] = [];
  let at = 0;
  while (bytes.length - at >= headerBytes) {
    const from = at + headerBytes;
    const end = from + bytes.readUInt32LE(at);
    if (end === from || end > bytes.length) break;
    const payload = bytes.subarray(from, end);
    if (crc32(payload) !== bytes.readUInt32LE(at + 4)) return { changes, wholeBytes: at, damaged: end < bytes.length };
    changes.push(decodePayload(payload, dimension));
    at = end;
  }
  return { changes, wholeBytes: at, damaged: false };
}

function decodePayload(payload: Buffer, dimension: number): Change {
  const vectorsFrom = 4 + payload.readUInt32LE(0);
  const { upserts, removals } = JSON.parse(payload.toString('utf8', 4, vectorsFrom)) as Names;
  const vectors = new Float32Array(upserts.length * dimension);
  new Uint8Array(vectors.buffer).set(payload.subarray(vectorsFrom)); // copied, because float32 must be aligned
  return {
    upserts: upserts.map(([itemId, attributes], i) => ({
      itemId,
      attributes,
      vector: vectors.subarray(i * dimension, (i + 1) * dimension),
    })),
    removals,
  };
}
