import type { HistoryEntry } from '@gatehouse/domain';
import type { UserContent } from '../user-state/user-entry';

/** Last event time (8 bytes), length of the history (4), count of seen keys (4). */
const headerBytes = 16;

/** Of a history entry: its time (8 bytes), the length of its item id (1); at most so many with the id. */
const entryBytes = 9;
const maxEntryBytes = entryBytes + 255;
/** One for all: a buffer for each user and entry takes longer than all else when a million users are written. */
let scratch = Buffer.alloc(64 * 1024);

/**
 * Bytes under which a user is kept: header, seen keys, then per history entry its time, the length of its item id, and the id.
 * They are valid until the next call.
 */
export function encodeUser({ history, seenKeys, lastEventTimeMs }: UserContent): Buffer {
  const mostBytes = headerBytes + seenKeys.byteLength + history.length * maxEntryBytes;
  if (mostBytes > scratch.length) scratch = Buffer.alloc(2 * mostBytes);
  scratch.writeDoubleLE(lastEventTimeMs, 0);
  scratch.writeUInt32LE(history.length, 8);
  scratch.writeUInt32LE(seenKeys.length / 2, 12);
  scratch.set(new Uint8Array(seenKeys.buffer, seenKeys.byteOffset, seenKeys.byteLength), headerBytes);
  let at = headerBytes + seenKeys.byteLength;
  for (const { itemId, eventTimeMs } of history) {
    scratch.writeDoubleLE(eventTimeMs, at);
    const idBytes = writeText(itemId, at + entryBytes);
    scratch.writeUInt8(idBytes, at + 8);
    at += entryBytes + idBytes;
  }
  return scratch.subarray(0, at);
}

/** Writes text to the scratch buffer; the plain loop takes a tenth of the time where ids are ASCII, as most are. */
function writeText(text: string, at: number): number {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 127) return scratch.write(text, at);
    scratch[at + i] = unit;
  }
  return text.length;
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
