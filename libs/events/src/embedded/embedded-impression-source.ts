import type { Offsets } from '@gatehouse/domain';
import { decodeImpression } from '../decode-impression';
import type { ImpressionRecord, ImpressionSource } from '../ports';
import { impressionsTopic } from '../topics';
import type { EmbeddedLog } from './embedded-log';
import { pollChunks } from './poll-chunks';
import type { PartitionBounds } from './partition';
import type { StoredRecord } from './stored-record';

/**
 * Reads the impressions of an embedded log.
 *
 * @example for await (const records of createEmbeddedImpressionSource(log).read({}, signal)) apply(records);
 */
export function createEmbeddedImpressionSource(log: EmbeddedLog): ImpressionSource {
  const topic = impressionsTopic;
  const offsets = (of: (bounds: PartitionBounds) => number): Offsets => {
    const partitions = Array.from({ length: log.partitionCount }, (_, partition) => partition);
    return {
      [topic]: Object.fromEntries(partitions.map((partition) => [partition, of(log.bounds(topic, partition))])),
    };
  };
  return {
    async *read(start, signal) {
      const next = new Map<number, number | undefined>();
      for (let partition = 0; partition < log.partitionCount; partition++) {
        // The earliest offset is fixed now: what is trimmed before the first read must show as an error.
        next.set(partition, start[topic]?.[partition] ?? log.bounds(topic, partition).earliest);
      }
      const nextChunk = (partition: number): readonly ImpressionRecord[] => {
        const { records, nextOffset } = log.read(topic, partition, next.get(partition));
        next.set(partition, nextOffset);
        return records.map((record) => decode(topic, partition, record));
      };
      yield* pollChunks([...next.keys()], nextChunk, signal);
    },
    earliestOffsets: async () => offsets(({ earliest }) => earliest),
    endOffsets: async () => offsets(({ end }) => end),
  };
}

function decode(topic: string, partition: number, { offset, value }: StoredRecord): ImpressionRecord {
  const decoded = decodeImpression(value);
  return 'rejection' in decoded
    ? { topic, partition, offset, value, rejection: decoded.rejection }
    : { topic, partition, offset, impression: decoded.impression };
}
