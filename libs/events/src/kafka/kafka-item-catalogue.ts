import type { Item, ItemId } from '@gatehouse/domain';

import { decodeItem } from '../decode-item';
import { encodeItem } from '../encode-item';
import { OffsetOutOfRangeError } from '../errors';
import type { ItemCatalogue, ItemChange } from '../ports';
import { itemsTopic } from '../topics';
import type { KafkaConnection } from './connect-kafka';
import type { DeliveredRecord, Timed } from './partition-queues';
import type { PartitionedProducer } from './partitioned-producer';
import type { PartitionBounds } from './read-topic';
import { readAlone } from './readable-consumer';

/** A catalogue topic of several partitions: their changes would have no order, so no offset could name an instant. */
export class CataloguePartitionsError extends Error {
  override readonly name = 'CataloguePartitionsError';
  constructor(
    readonly topic: string,
    readonly found: number,
  ) {
    super(`topic ${topic}: expected one partition, found ${found}; create it with ./gatehouse topics`);
  }
}

const never = new AbortController().signal;

/** The catalogue in the compacted topic `items` of a cluster, keyed by item id; a null value says that an item is gone. */
export function createKafkaItemCatalogue(connection: KafkaConnection, producer: PartitionedProducer): ItemCatalogue {
  const { logger } = connection;
  const bounds = async (): Promise<PartitionBounds> => {
    const all = await connection.bounds(itemsTopic);
    const bound = all.get(0);
    if (!bound || all.size !== 1) throw new CataloguePartitionsError(connection.topicName(itemsTopic), all.size);
    return bound;
  };

  /** A record that cannot be applied is passed over: the item keeps the value that it had. */
  const decode = (_: number, { offset, key, value }: DeliveredRecord): Timed<ItemChange | undefined> => {
    const timeMs = -Infinity; // one partition has its own order
    const itemId = Buffer.from(key ?? []).toString();
    if (value === null) return { value: itemId === '' ? undefined : { itemId, item: null, offset }, timeMs };
    const decoded = decodeItem(value);
    if ('item' in decoded && decoded.item.itemId === itemId)
      return { value: { itemId, item: decoded.item, offset }, timeMs };
    const reason = 'item' in decoded ? `itemId: expected the record's key, found another` : decoded.rejection.reason;
    logger.error('item.rejected', { topic: itemsTopic, offset, reason });
    return { value: undefined, timeMs };
  };

  async function* read(from: number, signal: AbortSignal): AsyncGenerator<readonly ItemChange[]> {
    const reading = { start: { 0: from }, decode, hasGaps: true };
    for await (const chunk of readAlone(connection, itemsTopic, reading, signal)) {
      const newest = newestOf(chunk);
      if (newest.length > 0) yield newest;
    }
  }

  return {
    snapshot: async () => {
      const { low, high } = await bounds();
      const items = new Map<ItemId, Item>();
      if (low < high) {
        const reading = { start: {}, until: { 0: high }, decode, hasGaps: true };
        for await (const chunk of readAlone(connection, itemsTopic, reading, never)) {
          for (const change of chunk) {
            if (!change || change.offset >= high) continue;
            if (change.item) items.set(change.itemId, change.item);
            else items.delete(change.itemId);
          }
        }
      }
      return { items: [...items.values()].sort(byIdBytes), offset: high };
    },
    changes: async function* (offset, signal) {
      const { low, high } = await bounds();
      if (!(offset >= 0 && offset <= high)) throw new OffsetOutOfRangeError(itemsTopic, 0, offset, low, high);
      // Compaction may have taken what stood between: the newest values of those items stand further on.
      yield* read(Math.max(offset, low), signal);
    },
    put: (changes) =>
      producer.send(
        itemsTopic,
        changes.map(({ itemId, item }) => ({ key: itemId, value: item ? encodeItem(item) : null })),
      ),
  };
}

/** The newest change of each item, in order. */
function newestOf(chunk: readonly (ItemChange | undefined)[]): ItemChange[] {
  const newest = new Map<ItemId, ItemChange>();
  for (const change of chunk) {
    if (!change) continue;
    newest.delete(change.itemId);
    newest.set(change.itemId, change);
  }
  return [...newest.values()];
}

function byIdBytes(a: Item, b: Item): number {
  return Buffer.compare(Buffer.from(a.itemId), Buffer.from(b.itemId));
}
