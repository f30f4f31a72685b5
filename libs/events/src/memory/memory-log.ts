import type { Offsets } from '@gatehouse/domain';
import { decodeImpression } from '../decode-impression';
import { encodeImpression } from '../encode-impression';
import { OffsetOutOfRangeError } from '../errors';
import { partitionOf } from '../partition-of';
import type { DeadLetterSink, ImpressionRecord, ImpressionSink, ImpressionSource, RejectedRecord } from '../ports';
import { impressionsTopic } from '../topics';
import { breathe } from '../wait';
import { createWakeUp } from '../wake-up';

/** A log in memory: the test double of all parts that read or write impressions. */
export interface MemoryLog {
  readonly source: ImpressionSource;
  readonly sink: ImpressionSink;
  readonly deadLetters: DeadLetterSink;
  /** What the dead-letter sink was given, each position once. */
  readonly rejected: readonly RejectedRecord[];
  /** Appends bytes as they are, such as a malformed event. */
  appendBytes(partition: number, value: Uint8Array): void;
  /** Drops the records before `earliest`, as retention does. */
  trim(partition: number, earliest: number): void;
}

interface MemoryPartition {
  earliest: number;
  /** By offset; those before `earliest` are gone. */
  readonly values: Uint8Array[];
}

const maxChunkRecords = 1000;

/** Creates an empty log. Records pass through their bytes, as in every other log. */
export function createMemoryLog(partitionCount = 1): MemoryLog {
  const topic = impressionsTopic;
  const partitions = Array.from({ length: partitionCount }, (): MemoryPartition => ({ earliest: 0, values: [] }));
  const rejected = new Map<string, RejectedRecord>();
  const wakeUp = createWakeUp();

  const chunk = (partition: number, offset: number): ImpressionRecord[] => {
    const { earliest, values } = partitions[partition];
    if (!(offset >= earliest && offset <= values.length)) {
      throw new OffsetOutOfRangeError(topic, partition, offset, earliest, values.length);
    }
    return values.slice(offset, offset + maxChunkRecords).map((value, i) => {
      const decoded = decodeImpression(value);
      const position = { topic, partition, offset: offset + i };
      return 'rejection' in decoded ? { ...position, ...decoded, value } : { ...position, ...decoded };
    });
  };

  async function* read(start: Offsets, signal: AbortSignal): AsyncGenerator<readonly ImpressionRecord[]> {
    const next = partitions.map(({ earliest }, partition) => start[topic]?.[partition] ?? earliest);
    while (!signal.aborted) {
      let found = false;
      for (const partition of partitions.keys()) {
        const records = chunk(partition, next[partition]);
        if (records.length === 0) continue;
        found = true;
        next[partition] += records.length;
        yield records;
        await breathe();
        if (signal.aborted) return;
      }
      if (!found) await wakeUp.next(signal);
    }
  }

  return {
    source: {
      read,
      earliestOffsets: async () => ({
        [topic]: Object.fromEntries(partitions.map(({ earliest }, i) => [i, earliest])),
      }),
      endOffsets: async () => ({ [topic]: Object.fromEntries(partitions.map(({ values }, i) => [i, values.length])) }),
    },
    sink: {
      async append(impressions) {
        for (const impression of impressions) {
          partitions[partitionOf(impression.userId, partitionCount)].values.push(encodeImpression(impression));
        }
        wakeUp.all();
      },
    },
    deadLetters: {
      async reject(records) {
        for (const record of records) {
          const key = `${record.topic}/${record.partition}/${record.offset}`;
          if (!rejected.has(key)) rejected.set(key, record);
        }
      },
    },
    get rejected() {
      return [...rejected.values()];
    },
    appendBytes(partition, value) {
      partitions[partition].values.push(value);
      wakeUp.all();
    },
    trim(partition, earliest) {
      partitions[partition].earliest = earliest;
    },
  };
}
