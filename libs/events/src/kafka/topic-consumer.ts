import type { Consumer, EachBatchPayload, Kafka, PartitionAssigner } from 'kafkajs';

import type { DeliveredRecord, Delivery } from './partition-queues';

/** Who takes in what a consumer fetches. */
export interface PartitionReader {
  /** Next offset to fetch; undefined where the partition is not read. */
  nextOffset(partition: number): number | undefined;
  isFull(partition: number): boolean;
  deliver(partition: number, delivery: Delivery): void;
}

/**
 * A consumer ended and trying again is of no use.
 * Causes: the broker does not allow this client to read the topic or to join the group; the topic is gone.
 */
export class ConsumerFailedError extends Error {
  override readonly name = 'ConsumerFailedError';
  constructor(
    readonly topic: string,
    readonly groupId: string,
    cause: Error,
  ) {
    super(
      `topic ${topic}, group ${groupId}: ${cause.message}: expected the right to read both, and the topic to be there`,
      { cause },
    );
  }
}

/** What {@link createTopicConsumer} works with. */
export interface TopicConsumerOptions {
  readonly kafka: Kafka;
  readonly topic: string;
  readonly groupId: string;
  /** Shares partitions out among several members. @default this member is alone, and holds them all */
  readonly assigner?: PartitionAssigner;
  readonly monotonicMs: () => number;
  /** Told of the partitions that this member holds, after every join. */
  readonly onAssigned: (partitions: readonly number[]) => void;
  /** Told of a failure after which the consumer is not tried again. */
  readonly onFailed: (error: Error) => void;
}

/** A member of a consumer group that fetches only for its reader, and only from where the reader says. */
export interface TopicConsumer {
  start(): Promise<void>;
  /** Partitions that this member holds; none while it stands by. */
  readonly partitions: readonly number[];
  /** When the broker last answered a heartbeat, a join or with records. */
  readonly heardMs: number;
  /** Leaves the group and joins it again, so that it chooses anew. */
  rejoin(): Promise<void>;
  /** Delivers to this reader from now on; undefined: to nobody. */
  deliverTo(reader: PartitionReader | undefined): void;
  /** Fetches a partition from where its reader says now. */
  seek(partition: number): void;
  /** Fetches a partition again that was full. */
  resume(partition: number): void;
  /** Stores offsets beside the group, for tools that tell lags. */
  commit(offsets: Readonly<Record<number, number>>): Promise<void>;
  stop(): Promise<void>;
}

/** Time after which a silent member loses its partitions; a third of it lies between two heartbeats. */
const sessionTimeoutMs = 6_000;
const heartbeatIntervalMs = 2_000;
/** Time that members have to join again after one came or went: one that begins anew waits that long for its own former self. */
const rebalanceTimeoutMs = 5_000;
const rebalanceTimeoutAloneMs = 1_000;
/** How long an empty fetch waits at the broker: well under a heartbeat. */
const maxWaitMs = 250;
const maxFetchBytes = 1024 * 1024;

/**
 * A kafkajs consumer of one topic. What kafkajs would decide by itself is decided by the reader: after each join, restart or reset every
 * partition is sought to the reader's own next offset, and nothing is fetched for a partition that is not read or is full.
 */
export function createTopicConsumer(options: TopicConsumerOptions): TopicConsumer {
  const { kafka, topic, groupId, assigner, monotonicMs, onAssigned, onFailed } = options;
  const consumer: Consumer = kafka.consumer({
    groupId,
    ...(assigner && { partitionAssigners: [assigner] }),
    sessionTimeout: sessionTimeoutMs,
    heartbeatInterval: heartbeatIntervalMs,
    rebalanceTimeout: assigner ? rebalanceTimeoutMs : rebalanceTimeoutAloneMs,
    maxWaitTimeInMs: maxWaitMs,
    maxBytesPerPartition: maxFetchBytes,
    metadataMaxAge: 30_000,
  });
  let partitions: readonly number[] = [];
  let reader: PartitionReader | undefined;
  let heardMs = monotonicMs();
  let isRunning = false;

  const heard = (): void => {
    heardMs = monotonicMs();
  };
  const pause = (partition: number): void => consumer.pause([{ topic, partitions: [partition] }]);
  const seek = (partition: number): void => {
    if (!isRunning || !partitions.includes(partition)) return;
    const next = reader?.nextOffset(partition);
    if (next === undefined) {
      pause(partition);
      return;
    }
    consumer.seek({ topic, partition, offset: String(next) });
    if (reader?.isFull(partition)) pause(partition);
    else consumer.resume([{ topic, partitions: [partition] }]);
  };

  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    heard();
    isRunning = true;
    partitions = payload.memberAssignment[topic] ?? [];
    onAssigned(partitions);
    partitions.forEach(seek); // before the first fetch, which follows this event
  });
  consumer.on(consumer.events.HEARTBEAT, heard);
  // A fetch of nothing but control records reaches no handler.
  consumer.on(consumer.events.START_BATCH_PROCESS, ({ payload }) => {
    const { partition, batchSize, firstOffset, lastOffset, highWatermark } = payload;
    if (batchSize > 0 || (firstOffset as string | null) === null) return;
    const offsets = range(Number(firstOffset), Number(lastOffset));
    reader?.deliver(partition, { records: [], offsets, end: Number(highWatermark) });
  });
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    // It begins anew by itself, and the join after that tells what it holds then.
    isRunning = false;
    if (!payload.restart) onFailed(new ConsumerFailedError(topic, groupId, payload.error));
  });

  const eachBatch = async (payload: EachBatchPayload): Promise<void> => {
    const { batch } = payload;
    heard();
    if (reader && !payload.isStale()) {
      reader.deliver(batch.partition, deliveryOf(batch));
      if (reader.isFull(batch.partition)) pause(batch.partition);
    }
    await payload.heartbeat();
  };

  const run = (): Promise<void> => consumer.run({ autoCommit: false, eachBatch });

  return {
    get partitions() {
      return partitions;
    },
    get heardMs() {
      return heardMs;
    },
    start: async () => {
      await consumer.connect();
      await consumer.subscribe({ topics: [topic], fromBeginning: true });
      await run();
    },
    rejoin: async () => {
      isRunning = false;
      partitions = [];
      await consumer.stop();
      await run();
    },
    deliverTo: (next) => {
      reader = next;
      partitions.forEach(seek);
    },
    seek,
    resume: (partition) => {
      if (isRunning) consumer.resume([{ topic, partitions: [partition] }]);
    },
    commit: (offsets) =>
      consumer.commitOffsets(
        Object.entries(offsets).map(([partition, offset]) => ({
          topic,
          partition: Number(partition),
          offset: String(offset),
        })),
      ),
    stop: async () => {
      isRunning = false;
      await consumer.disconnect();
    },
  };
}

/** kafkajs keeps what it filtered out, but does not declare it. */
type RawBatch = EachBatchPayload['batch'] & { readonly rawMessages: readonly { readonly offset: string }[] };

function deliveryOf(batch: EachBatchPayload['batch']): Delivery {
  return {
    records: batch.messages.map(({ offset, key, value, headers = {}, timestamp }): DeliveredRecord => ({
      ...{ offset: Number(offset), key, value, headers },
      timeMs: Number(timestamp),
    })),
    offsets: (batch as RawBatch).rawMessages.map(({ offset }) => Number(offset)),
    end: Number(batch.highWatermark),
  };
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}
