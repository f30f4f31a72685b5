import { decodeImpression } from '../decode-impression';
import type { ImpressionRecord, ImpressionSource } from '../ports';
import { impressionsTopic } from '../topics';
import type { KafkaConnection } from './connect-kafka';
import type { DeliveredRecord, Timed } from './partition-queues';
import { readAlone } from './readable-consumer';

/**
 * Reads the impressions of a cluster, from all partitions merged by event time, partition and offset.
 *
 * @example for await (const records of createKafkaImpressionSource(connection).read({}, signal)) apply(records);
 */
export function createKafkaImpressionSource(connection: KafkaConnection): ImpressionSource {
  return {
    read: (start, signal) =>
      readAlone(
        connection,
        impressionsTopic,
        { start: start[impressionsTopic] ?? {}, decode: decodeRecord, hasGaps: false },
        signal,
      ),
    endOffsets: async () => {
      const bounds = await connection.bounds(impressionsTopic);
      return { [impressionsTopic]: Object.fromEntries([...bounds].map(([partition, { high }]) => [partition, high])) };
    },
  };
}

const nothing = new Uint8Array();

/** An impression, or why there is none. */
export function decodeRecord(partition: number, { offset, value }: DeliveredRecord): Timed<ImpressionRecord> {
  const bytes = value ?? nothing;
  const position = { topic: impressionsTopic, partition, offset };
  const decoded = decodeImpression(bytes);
  if ('rejection' in decoded) {
    return { value: { ...position, rejection: decoded.rejection, value: bytes }, timeMs: -Infinity };
  }
  return { value: { ...position, impression: decoded.impression }, timeMs: decoded.impression.eventTimeMs };
}
