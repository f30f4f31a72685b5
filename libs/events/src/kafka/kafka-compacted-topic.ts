import { type CompactedFormat, keyBytes } from '../compacted-format';
import { OffsetOutOfRangeError } from '../errors';
import type { Change, CompactedTopic } from '../ports';
import type { KafkaConnection } from './connect-kafka';
import type { DeliveredRecord, Timed } from './partition-queues';
import type { PartitionedProducer } from './partitioned-producer';
import type { PartitionBounds } from './read-topic';
import { readAlone } from './readable-consumer';

/** A compacted topic of several partitions: their changes would have no order, so no offset could name an instant. */
export class CompactedPartitionsError extends Error {
  override readonly name = 'CompactedPartitionsError';
  constructor(
    readonly topic: string,
    readonly found: number,
  ) {
    super(`topic ${topic}: expected one partition, found ${found}; create it with ./gatehouse topics`);
  }
}

const never = new AbortController().signal;

/** A compacted topic of a cluster; a null value says that its key is gone. */
export function createKafkaCompactedTopic<V>(
  connection: KafkaConnection,
  producer: PartitionedProducer,
  format: CompactedFormat<V>,
): CompactedTopic<V> {
  const { topic, keyField, keyOf } = format;
  const { logger } = connection;
  const bounds = async (): Promise<PartitionBounds> => {
    const all = await connection.bounds(topic);
    const bound = all.get(0);
    if (!bound || all.size !== 1) throw new CompactedPartitionsError(connection.topicName(topic), all.size);
    return bound;
  };

  /** A record that cannot be applied is passed over: its key keeps the value that it had. */
  const decode = (_: number, { offset, key: bytes, value }: DeliveredRecord): Timed<Change<V> | undefined> => {
    const timeMs = -Infinity; // one partition has its own order
    const key = Buffer.from(bytes ?? []).toString();
    if (value === null) return { value: key === '' ? undefined : { key, value: null, offset }, timeMs };
    const decoded = format.decode(value);
    if ('value' in decoded && keyOf(decoded.value) === key)
      return { value: { key, value: decoded.value, offset }, timeMs };
    const reason =
      'value' in decoded ? `${keyField}: expected the record's key, found another` : decoded.rejection.reason;
    logger.error('value.rejected', { topic, offset, reason });
    return { value: undefined, timeMs };
  };

  async function* read(from: number, signal: AbortSignal): AsyncGenerator<readonly Change<V>[]> {
    const reading = { start: { 0: from }, decode, hasGaps: true };
    for await (const chunk of readAlone(connection, topic, reading, signal)) {
      const newest = newestOf(chunk);
      if (newest.length > 0) yield newest;
    }
  }

  return {
    snapshot: async () => {
      const { low, high } = await bounds();
      const values = new Map<string, V>();
      if (low < high) {
        const reading = { start: {}, until: { 0: high }, decode, hasGaps: true };
        for await (const chunk of readAlone(connection, topic, reading, never)) {
          for (const change of chunk) {
            if (!change || change.offset >= high) continue;
            if (change.value === null) values.delete(change.key);
            else values.set(change.key, change.value);
          }
        }
      }
      const ordered = [...values].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      return { values: ordered.map(([, value]) => value), offset: high };
    },
    changes: async function* (offset, signal) {
      const { low, high } = await bounds();
      if (!(offset >= 0 && offset <= high)) throw new OffsetOutOfRangeError(topic, 0, offset, low, high);
      // Compaction may have taken what stood between: the newest values of those keys stand further on.
      yield* read(Math.max(offset, low), signal);
    },
    put: async (values) => {
      const records = values.map((value) => ({ key: keyOf(value), value: format.encode(value) }));
      for (const { key } of records) keyBytes(format, key);
      await producer.send(topic, records);
    },
    remove: async (keys) => {
      for (const key of keys) keyBytes(format, key);
      await producer.send(
        topic,
        keys.map((key) => ({ key, value: null })),
      );
    },
  };
}

/** The newest change of each key, in order. */
function newestOf<V>(chunk: readonly (Change<V> | undefined)[]): Change<V>[] {
  const newest = new Map<string, Change<V>>();
  for (const change of chunk) {
    if (!change) continue;
    newest.delete(change.key);
    newest.set(change.key, change);
  }
  return [...newest.values()];
}
