import { idProblem, type Item, type ItemId } from '@gatehouse/domain';
import type { Transaction } from 'lmdb';
import { decodeItem } from '../decode-item';
import { encodeItem } from '../encode-item';
import { OffsetOutOfRangeError, StorageError } from '../errors';
import type { ItemCatalogue, ItemChange } from '../ports';
import { itemsTopic } from '../topics';
import { breathe } from '../wait';
import type { EmbeddedLog } from './embedded-log';
import { pollChunks } from './poll-chunks';

/** Bounds the work of one turn of the event loop, and the memory of a reader. */
const chunkItems = 1000;
/** A value is the offset (8 bytes) and the item as JSON, nothing when it is gone. */
const offsetBytes = 8;

/**
 * The catalogue in the folder of an embedded log: the newest value per item, and one change per item by offset.
 * An item that is gone keeps its last change, so that a reader who was away learns of it.
 */
export function createEmbeddedItemCatalogue({ store }: Pick<EmbeddedLog, 'store'>): ItemCatalogue {
  const values = store.keyed('items/values');
  const changes = store.numbered('items/changes');
  const settings = store.keyed('settings');
  const endKey = Buffer.from('items/end');

  const endOffset = (transaction?: Transaction): number =>
    Number(settings.get(endKey, transaction && { transaction })?.toString() ?? 0);

  const itemOf = (stored: Buffer): Item | null => {
    if (stored.length === offsetBytes) return null;
    const decoded = decodeItem(stored.subarray(offsetBytes));
    if ('item' in decoded) return decoded.item;
    throw new StorageError(store.folder, 'read', new Error(`items: damaged value: ${decoded.rejection.reason}`));
  };

  const changesFrom = (offset: number): readonly ItemChange[] =>
    store.read((transaction) => {
      const end = endOffset(transaction);
      if (!(offset >= 0 && offset <= end)) throw new OffsetOutOfRangeError(itemsTopic, 0, offset, 0, end);
      const found: ItemChange[] = [];
      for (const { key, value } of changes.getRange({ start: offset, limit: chunkItems, transaction })) {
        const stored = values.get(value, { transaction });
        if (!stored) throw new StorageError(store.folder, 'read', new Error(`items: change ${key} without a value`));
        found.push({ itemId: value.toString(), item: itemOf(stored), offset: key });
      }
      return found;
    });

  return {
    async snapshot() {
      const transaction = store.beginRead();
      try {
        const offset = endOffset(transaction);
        const items: Item[] = [];
        let read = 0;
        let start: Uint8Array | undefined;
        for (;;) {
          const before = read;
          const range = { limit: chunkItems, transaction, ...(start && { start, exclusiveStart: true }) };
          for (const { key, value } of values.getRange(range)) {
            start = key;
            read++;
            const item = itemOf(value);
            if (item) items.push(item);
          }
          if (read === before) return { items, offset };
          await breathe();
        }
      } finally {
        transaction.done();
      }
    },

    async *changes(offset, signal) {
      let next = offset;
      const nextChunk = (): readonly ItemChange[] => {
        const chunk = changesFrom(next);
        next = (chunk.at(-1)?.offset ?? next - 1) + 1;
        return chunk;
      };
      yield* pollChunks([0], nextChunk, signal);
    },

    async put(newValues) {
      for (let at = 0; at < newValues.length; at += chunkItems) {
        const batch = newValues.slice(at, at + chunkItems).map(({ itemId, item }) => ({
          key: keyOf(itemId),
          json: item ? encodeItem(item) : Buffer.alloc(0),
        }));
        store.write(() => {
          let end = endOffset();
          for (const { key, json } of batch) {
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
    },
  };
}

function keyOf(itemId: ItemId): Buffer {
  const problem = idProblem(itemId);
  if (problem !== undefined) throw new RangeError(`itemId: ${problem}`);
  return Buffer.from(itemId);
}
