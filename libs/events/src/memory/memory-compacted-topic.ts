import { type CompactedFormat, keyBytes } from '../compacted-format';
import { OffsetOutOfRangeError } from '../errors';
import { itemFormat } from '../item-format';
import type { Change, CompactedTopic, ItemCatalogue } from '../ports';
import { breathe } from '../wait';
import { createWakeUp } from '../wake-up';

const chunkValues = 1000;

/** A compacted topic in memory, for tests. */
export function createMemoryCompactedTopic<V>(format: CompactedFormat<V>): CompactedTopic<V> {
  /** In order of the offsets: a change moves its key to the end. */
  const changes = new Map<string, Change<V>>();
  const wakeUp = createWakeUp();
  let end = 0;
  const write = (key: string, value: V | null): void => {
    keyBytes(format, key);
    changes.delete(key);
    changes.set(key, { key, value, offset: end++ });
  };
  return {
    async snapshot() {
      const entries = [...changes.values()].filter(({ value }) => value !== null);
      entries.sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
      return { values: entries.map(({ value }) => value as V), offset: end };
    },
    async *changes(offset, signal) {
      if (!(offset >= 0 && offset <= end)) throw new OffsetOutOfRangeError(format.topic, 0, offset, 0, end);
      let next = offset;
      while (!signal.aborted) {
        const chunk = [...changes.values()].filter((change) => change.offset >= next).slice(0, chunkValues);
        if (chunk.length === 0) {
          await wakeUp.next(signal);
          continue;
        }
        next = chunk[chunk.length - 1].offset + 1;
        yield chunk;
        await breathe();
      }
    },
    async put(values) {
      for (const value of values) write(format.keyOf(value), value);
      wakeUp.all();
    },
    async remove(keys) {
      for (const key of keys) write(key, null);
      wakeUp.all();
    },
  };
}

/** A catalogue in memory, for tests. */
export function createMemoryItemCatalogue(): ItemCatalogue {
  return createMemoryCompactedTopic(itemFormat);
}
