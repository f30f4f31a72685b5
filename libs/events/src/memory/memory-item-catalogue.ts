import type { Item, ItemId } from '@gatehouse/domain';
import { OffsetOutOfRangeError } from '../errors';
import type { ItemCatalogue, ItemChange } from '../ports';
import { itemsTopic } from '../topics';
import { breathe } from '../wait';
import { createWakeUp } from '../wake-up';

const chunkItems = 1000;

/** A catalogue in memory, for tests. */
export function createMemoryItemCatalogue(): ItemCatalogue {
  /** In order of the offsets: a change moves its item to the end. */
  const changes = new Map<ItemId, ItemChange>();
  const wakeUp = createWakeUp();
  let end = 0;
  return {
    async snapshot() {
      const items = [...changes.values()].map(({ item }) => item).filter((item): item is Item => item !== null);
      items.sort((a, b) => Buffer.compare(Buffer.from(a.itemId), Buffer.from(b.itemId)));
      return { items, offset: end };
    },
    async *changes(offset, signal) {
      if (!(offset >= 0 && offset <= end)) throw new OffsetOutOfRangeError(itemsTopic, 0, offset, 0, end);
      let next = offset;
      while (!signal.aborted) {
        const chunk = [...changes.values()].filter((change) => change.offset >= next).slice(0, chunkItems);
        if (chunk.length === 0) {
          await wakeUp.next(signal);
          continue;
        }
        next = chunk[chunk.length - 1].offset + 1;
        yield chunk;
        await breathe();
      }
    },
    async put(newValues) {
      for (const { itemId, item } of newValues) {
        changes.delete(itemId);
        changes.set(itemId, { itemId, item, offset: end++ });
      }
      wakeUp.all();
    },
  };
}
