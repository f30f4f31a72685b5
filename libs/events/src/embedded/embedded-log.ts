import { type EmbeddedStore, openEmbeddedStore } from './embedded-store';
import { openPartition, type NewRecord, type Partition, type PartitionBounds, type RecordChunk } from './partition';
import { StorageError } from '../errors';

/** Each partition takes two of the store's tables. One host gains nothing from more. */
const maxPartitionCount = 32;

/** Where and how an embedded log is kept. */
export interface EmbeddedLogOptions {
  /** Folder of the log; created when absent. */
  readonly folder: string;
  /** Partitions of every topic; fixed when the log is created. @default 1 */
  readonly partitionCount?: number;
  /** Values kept per partition, in bytes; the oldest go first. @default 8 GiB */
  readonly retentionBytes?: number;
  /** How long a record is kept after it was appended. @default 7 days */
  readonly retentionMs?: number;
  /** Wall clock, for the age of records. @default Date.now */
  readonly nowMs?: () => number;
}

/** Topics of records on one host: several processes append and read at once. */
export interface EmbeddedLog {
  readonly partitionCount: number;
  /** For the other parts that live in the same folder. */
  readonly store: EmbeddedStore;
  /**
   * Appends in order, all or none; resolves when on disk. Then drops what retention no longer covers.
   * @throws StorageError
   */
  append(topic: string, records: readonly (NewRecord & { readonly partition: number })[]): Promise<void>;
  /**
   * The next records of a partition, at most 1000 or about 1 MiB; none at the end. Without `offset`, from the earliest on.
   * @throws OffsetOutOfRangeError, OffsetGapError, StorageError
   */
  read(topic: string, partition: number, offset?: number): RecordChunk;
  /** First offset held and next offset to be written. */
  bounds(topic: string, partition: number): PartitionBounds;
  /** Releases the folder in this process. */
  close(): Promise<void>;
}

/**
 * Opens or creates the log of a folder.
 *
 * @throws StorageError when the folder cannot be used, or was created with another number of partitions.
 * @example
 * const log = openEmbeddedLog({ folder: 'var/log' });
 * const sink = createEmbeddedImpressionSink(log);
 */
export function openEmbeddedLog(options: EmbeddedLogOptions): EmbeddedLog {
  const { folder, partitionCount = 1, nowMs = Date.now } = options;
  const retention = {
    maxBytes: options.retentionBytes ?? 8 * 1024 ** 3,
    maxAgeMs: options.retentionMs ?? 7 * 24 * 3_600_000,
  };
  if (!Number.isInteger(partitionCount) || partitionCount < 1 || partitionCount > maxPartitionCount) {
    throw new RangeError(
      `partitionCount: expected a whole number from 1 to ${maxPartitionCount}, found ${partitionCount}`,
    );
  }
  const store = openEmbeddedStore(folder);
  claimPartitionCount(store, partitionCount);
  const partitions = new Map<string, Partition>();
  const partitionOf = (topic: string, number: number): Partition => {
    const name = `${topic}/${number}`;
    let partition = partitions.get(name);
    if (!partition) partitions.set(name, (partition = openPartition(store, topic, number, retention)));
    return partition;
  };
  return {
    partitionCount,
    store,
    async append(topic, records) {
      const groups = new Map<Partition, NewRecord[]>();
      for (const record of records) {
        const partition = partitionOf(topic, record.partition);
        const group = groups.get(partition);
        if (group) group.push(record);
        else groups.set(partition, [record]);
      }
      store.write(() => {
        for (const [partition, group] of groups) partition.append(group, nowMs());
      });
    },
    read: (topic, partition, offset) => partitionOf(topic, partition).read(offset),
    bounds: (topic, partition) => partitionOf(topic, partition).bounds(),
    close: () => store.close(),
  };
}

function claimPartitionCount(store: EmbeddedStore, partitionCount: number): void {
  const settings = store.keyed('settings');
  const key = Buffer.from('partition-count');
  const found = store.write(() => {
    const stored = settings.get(key);
    if (stored) return Number(stored.toString());
    settings.putSync(key, Buffer.from(String(partitionCount)));
    return partitionCount;
  });
  if (found === partitionCount) return;
  void store.close();
  const message = `expected a log of ${partitionCount} partitions, found ${found}: open it with that number`;
  throw new StorageError(store.folder, 'open', new RangeError(message));
}
