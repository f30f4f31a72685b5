/** One record of a partition. */
export interface StoredRecord {
  readonly offset: number;
  readonly appendedAtMs: number;
  readonly key: string | undefined;
  readonly value: Uint8Array;
}

/** Time (8 bytes), length of the key (1 byte); key and value follow. */
const headerBytes = 9;

/**
 * Bytes under which a record is kept.
 *
 * @throws RangeError when the key exceeds 255 bytes.
 */
export function encodeStored(appendedAtMs: number, key: string | undefined, value: Uint8Array): Buffer {
  const keyBytes = Buffer.from(key ?? '');
  if (keyBytes.length > 255) throw new RangeError(`key: expected at most 255 bytes, found ${keyBytes.length}`);
  const header = Buffer.allocUnsafe(headerBytes);
  header.writeDoubleLE(appendedAtMs, 0);
  header.writeUInt8(keyBytes.length, 8);
  return Buffer.concat([header, keyBytes, value]);
}

/** The inverse of {@link encodeStored}. The value aliases `stored`. */
export function decodeStored(offset: number, stored: Buffer): StoredRecord {
  const valueStart = headerBytes + stored.readUInt8(8);
  return {
    offset,
    appendedAtMs: stored.readDoubleLE(0),
    key: valueStart > headerBytes ? stored.toString('utf8', headerBytes, valueStart) : undefined,
    value: stored.subarray(valueStart),
  };
}
