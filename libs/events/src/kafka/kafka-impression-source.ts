import type { Offsets } from '@gatehouse/domain';

import { decodeImpression } from '../decode-impression';
import type { ImpressionRecord, ImpressionSource } from '../ports';
import { impressionsTopic } from '../topics';
import type { KafkaConnection } from './connect-kafka';
import type { DeliveredRecord, Timed } from './partition-queues';
import type { PartitionBounds } from './read-topic';
import { readAlone } from './readable-consumer';

/**
 * Reads the impressions of a cluster, from all partitions merged by event time, partition and offset.
 *
 * @example for await (const records of createKafkaImpressionSource(connection).read({}, signal)) apply(records);
 */
export function createKafkaImpressionSource(connection: KafkaConnection): ImpressionSource {
  const offsets = async (of: (bounds: PartitionBounds) => number): Promise<Offsets> => {
    const bounds = await connection.bounds(impressionsTopic);
    return { [impressionsTopic]: Object.fromEntries([...bounds].map(([partition, each]) => [partition, of(each)])) };
  };
  return {
    read: (start, signal) =>
      readAlone(
        connection,
        impressionsTopic,
        { start: start[impressionsTopic] ?? {}, decode: decodeRecord, hasGaps: false },
        signal,
      ),
    earliestOffsets: () => offsets(({ low }) => low),
    endOffsets: () => offsets(({ high }) => high),
  };
}

const nothing = new Uint8Array();
/** How far an event may lie ahead of the time of its record: clocks differ, but nothing is known of tomorrow. */
const maxAheadMs = 24 * 3_600_000;

/** Text of a header; empty where it is absent, or there several times. */
function textOf(header: unknown): string {
  return typeof header === 'string' || Buffer.isBuffer(header) ? header.toString() : '';
}

/** An impression, or why there is none. What the record says of itself is as hostile as its value. */
export function decodeRecord(
  partition: number,
  { offset, value, headers, timeMs }: DeliveredRecord,
): Timed<ImpressionRecord> {
  const bytes = value ?? nothing;
  const position = { topic: impressionsTopic, partition, offset };
  const decoded = decodeImpression(bytes, textOf(headers['content-type']));
  if ('rejection' in decoded) return { value: { ...position, ...decoded, value: bytes }, timeMs: -Infinity };
  const { eventTimeMs } = decoded.impression;
  if (eventTimeMs > timeMs + maxAheadMs) {
    const reason = `eventTimeMs: expected at most a day after the record's time ${timeMs}, found ${eventTimeMs}`;
    return {
      value: { ...position, rejection: { code: 'future-event-time', reason }, value: bytes },
      timeMs: -Infinity,
    };
  }
  return { value: { ...position, impression: decoded.impression }, timeMs: eventTimeMs };
}
