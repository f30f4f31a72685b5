import type { Transaction } from 'lmdb';
import { type CompactedFormat, keyBytes } from '../compacted-format';
import { OffsetOutOfRangeError, StorageError } from '../errors';
import type { Change, CompactedTopic } from '../ports';
import { breathe } from '../wait';
import type { EmbeddedLog } from './embedded-log';
import { pollChunks } from './poll-chunks';

/** Bounds the work of one turn of the event loop, and the memory of a reader. */
const chunkValues = 1000;
/** What is stored of a key is the offset (8 bytes) and the value as JSON, nothing when it is gone. */
const offsetBytes = 8;

/**
 * A compacted topic in the folder of an embedded log: the newest value per key, and one change per key by offset.
 * A key that is gone keeps its last change, so that a reader who was away learns of it.
 */
export function createEmbeddedCompactedTopic<V>(
  { store }: Pick<EmbeddedLog, 'store'>,
  format: CompactedFormat<V>,
): CompactedTopic<V> {
  const { topic } = format;
  const values = store.keyed(`${topic}/values`);
  const changes = store.numbered(`${topic}/changes`);
  const settings = store.keyed('settings');
  const endKey = Buffer.from(`${topic}/end`);

  const endOffset = (transaction?: Transaction): number =>
    Number(settings.get(endKey, transaction && { transaction })?.toString() ?? 0);

  const valueOf = (stored: Buffer): V | null => {
    if (stored.length === offsetBytes) return null;
    const decoded = format.decode(stored.subarray(offsetBytes));
    if ('value' in decoded) return decoded.value;
    throw new StorageError(store.folder, 'read', new Error(`${topic}: damaged value: ${decoded.rejection.reason}`));
  };

  const changesFrom = (offset: number): readonly Change<V>[] =>
    store.read((transaction) => {
      const end = endOffset(transaction);
      if (!(offset >= 0 && offset <= end)) throw new OffsetOutOfRangeError(topic, 0, offset, 0, end);
      const found: Change<V>[] = [];
      for (const { key, value } of changes.getRange({ start: offset, limit: chunkValues, transaction })) {
        const stored = values.get(value, { transaction });
        if (!stored) throw new StorageError(store.folder, 'read', new Error(`${topic}: change ${key} without a value`));
        found.push({ key: value.toString(), value: valueOf(stored), offset: key });
      }
      return found;
    });

  const write = async (entries: readonly { readonly key: Buffer; readonly json: Uint8Array }[]): Promise<void> => {
    for (let at = 0; at < entries.length; at += chunkValues) {
      store.write(() => {
        let end = endOffset();
        for (const { key, json } of entries.slice(at, at + chunkValues)) {
          const previous = values.get(key);
          if (previous) changes.removeSync(Number(previous.readBigUInt64LE(0)));
          const offset = Buffer.alloc(offsetBytes);
          offset.writeBigUInt64LE(BigInt(end));
          values.putSync(key, Buffer.concat([offset, json]));
          changes.putSync(end++, key);
        }
        settings.putSync(endKey, Buffer.from(String(end)));
      });
      await breathe();
    }
  };

  return {
    async snapshot() {
      const transaction = store.beginRead();
      try {
        const offset = endOffset(transaction);
        const found: V[] = [];
        let read = 0;
        let start: Uint8Array | undefined;
        for (;;) {
          const before = read;
          const range = { limit: chunkValues, transaction, ...(start && { start, exclusiveStart: true }) };
          for (const { key, value } of values.getRange(range)) {
            start = key;
            read++;
            const stored = valueOf(value);
            if (stored !== null) found.push(stored);
          }
          if (read === before) return { values: found, offset };
          await breathe();
        }
      } finally {
        transaction.done();
      }
    },

    async *changes(offset, signal) {
      let next = offset;
      const nextChunk = (): readonly Change<V>[] => {
        const chunk = changesFrom(next);
        next = (chunk.at(-1)?.offset ?? next - 1) + 1;
        return chunk;
      };
      yield* pollChunks([0], nextChunk, signal);
    },

    put: async (newValues) =>
      write(newValues.map((value) => ({ key: keyBytes(format, format.keyOf(value)), json: format.encode(value) }))),
    remove: async (keys) => write(keys.map((key) => ({ key: keyBytes(format, key), json: Buffer.alloc(0) }))),
  };
}
