import type { HistoryEntry } from '@gatehouse/domain';
import type { UserContent } from '../user-state/user-entry';

/** Last event time (8 bytes), length of the history (4), count of seen keys (4). */
const headerBytes = 16;

/** Bytes under which a user is kept: header, seen keys, then per history entry its time, the length of its item id, and the id. */
export function encodeUser({ history, seenKeys, lastEventTimeMs }: UserContent): Buffer {
  const header = Buffer.allocUnsafe(headerBytes);
  header.writeDoubleLE(lastEventTimeMs, 0);
  header.writeUInt32LE(history.length, 8);
  header.writeUInt32LE(seenKeys.length / 2, 12);
  const parts = [header, Buffer.from(seenKeys.buffer, seenKeys.byteOffset, seenKeys.byteLength)];
  for (const { itemId, eventTimeMs } of history) {
    const id = Buffer.from(itemId);
    const prefix = Buffer.allocUnsafe(9);
    prefix.writeDoubleLE(eventTimeMs, 0);
    prefix.writeUInt8(id.length, 8);
    parts.push(prefix, id);
  }
  return Buffer.concat(parts);
}

/** The inverse of {@link encodeUser}; copies out of `stored`. */
export function decodeUser(stored: Buffer): UserContent {
  const historyLength = stored.readUInt32LE(8);
  const seenKeys = new Uint32Array(stored.readUInt32LE(12) * 2);
  new Uint8Array(seenKeys.buffer).set(stored.subarray(headerBytes, headerBytes + seenKeys.byteLength));
  const history: HistoryEntry[] = [];
  let at = headerBytes + seenKeys.byteLength;
  for (let i = 0; i < historyLength; i++) {
    const idStart = at + 9;
    const idEnd = idStart + stored.readUInt8(at + 8);
    history.push({ itemId: stored.toString('utf8', idStart, idEnd), eventTimeMs: stored.readDoubleLE(at) });
    at = idEnd;
  }
  return { history, seenKeys, lastEventTimeMs: stored.readDoubleLE(0) };
}
