import type { Transaction } from 'lmdb';
import { OffsetGapError, OffsetOutOfRangeError } from '../errors';
import type { EmbeddedStore } from './embedded-store';
import { decodeStored, encodeStored, type StoredRecord } from './stored-record';

/** A record to append. */
export interface NewRecord {
  readonly value: Uint8Array;
  /** A record whose key the partition still holds is left out: appending is then safe to repeat. At most 255 bytes. */
  readonly key?: string;
}

/** First offset held, and the next that will be written. */
export interface PartitionBounds {
  readonly earliest: number;
  readonly end: number;
}

/** Consecutive records, and the offset after them. */
export interface RecordChunk {
  readonly records: readonly StoredRecord[];
  readonly nextOffset: number;
}

/** What a partition may hold. */
export interface Retention {
  readonly maxBytes: number;
  readonly maxAgeMs: number;
}

/** One partition of a topic. */
export interface Partition {
  /** Call inside of a write transaction. */
  append(records: readonly NewRecord[], nowMs: number): void;
  read(offset: number | undefined): RecordChunk;
  bounds(): PartitionBounds;
}

/** Bounds as stored, with the bytes of the values between them. */
interface Header extends PartitionBounds {
  readonly bytes: number;
}

/** Bounds the memory of a reader. */
const maxChunkRecords = 1000;
const maxChunkBytes = 1024 * 1024;
/** Retention drops at least this many a transaction, and twice what was appended: it catches up, and no append waits for long. */
const minTrimRecords = 1024;

/** Opens or creates a partition. */
export function openPartition(store: EmbeddedStore, topic: string, number: number, retention: Retention): Partition {
  const records = store.numbered(`records/${topic}/${number}`);
  const keys = store.keyed(`keys/${topic}/${number}`);
  const headers = store.keyed('partitions');
  const headerKey = Buffer.from(`${topic}/${number}`);

  const header = (transaction?: Transaction): Header => {
    const stored = headers.get(headerKey, transaction && { transaction });
    return stored ? (JSON.parse(stored.toString()) as Header) : { earliest: 0, end: 0, bytes: 0 };
  };

  /** Drops expired records below `limit`; returns the new header. */
  const trim = ({ earliest, end, bytes }: Header, limit: number, maxRecords: number, nowMs: number): Header => {
    const stop = Math.min(limit, earliest + maxRecords);
    while (earliest < stop) {
      const oldest = records.get(earliest);
      if (!oldest) throw new OffsetGapError(topic, number, earliest, undefined);
      const { key, appendedAtMs } = decodeStored(earliest, oldest);
      if (bytes <= retention.maxBytes && nowMs - appendedAtMs <= retention.maxAgeMs) break;
      if (key) keys.removeSync(Buffer.from(key));
      records.removeSync(earliest);
      bytes -= oldest.length;
      earliest++;
    }
    return { earliest, end, bytes };
  };

  return {
    append(newRecords, nowMs) {
      // Inside the transaction: no other process can take the same offsets.
      const before = header();
      let { end, bytes } = before;
      for (const { key, value } of newRecords) {
        if (key !== undefined) {
          const keyBytes = Buffer.from(key);
          if (keys.doesExist(keyBytes)) continue;
          keys.putSync(keyBytes, Buffer.from(String(end)));
        }
        const stored = encodeStored(nowMs, key, value);
        records.putSync(end++, stored);
        bytes += stored.length;
      }
      const maxRecords = Math.max(minTrimRecords, 2 * (end - before.end));
      const after = trim({ ...before, end, bytes }, before.end, maxRecords, nowMs);
      headers.putSync(headerKey, Buffer.from(JSON.stringify(after)));
    },

    read: (offset) =>
      store.read((transaction) => {
        const { earliest, end } = header(transaction);
        const start = offset ?? earliest;
        if (!(start >= earliest && start <= end)) throw new OffsetOutOfRangeError(topic, number, start, earliest, end);
        const chunk: StoredRecord[] = [];
        let bytes = 0;
        let next = start;
        for (const { key, value } of records.getRange({ start, end, limit: maxChunkRecords, transaction })) {
          if (key !== next) throw new OffsetGapError(topic, number, next, key);
          if (bytes > 0 && bytes + value.length > maxChunkBytes) break;
          bytes += value.length;
          chunk.push(decodeStored(next++, value));
        }
        if (chunk.length === 0 && start < end) throw new OffsetGapError(topic, number, start, undefined);
        return { records: chunk, nextOffset: next };
      }),

    bounds: () =>
      store.read((transaction) => {
        const { earliest, end } = header(transaction);
        return { earliest, end };
      }),
  };
}
