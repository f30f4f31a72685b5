import type { Logger } from '@gatehouse/runtime';

import { OffsetGapError, OffsetOutOfRangeError } from '../errors';
import { breathe } from '../wait';
import { createWakeUp } from '../wake-up';
import { createPartitionQueues, type DeliveredRecord, type Timed } from './partition-queues';
import type { TopicConsumer } from './topic-consumer';

/** First offset that a partition holds, and the next that will be written. */
export interface PartitionBounds {
  readonly low: number;
  readonly high: number;
}

/** What to do at an offset that the broker no longer holds, or not yet. */
export type OutOfRangePolicy = 'fail' | 'earliest' | 'latest';

/** How {@link readTopic} reads. */
export interface TopicReading<T> {
  /** Name of the topic, as errors tell it. */
  readonly topic: string;
  /** Offsets to start at; a partition without one is read from the first that it holds. */
  readonly start: Readonly<Record<number, number>>;
  /** Offsets before which to read, and then to end. @default none: the end is waited at */
  readonly until?: Readonly<Record<number, number>>;
  readonly decode: (partition: number, record: DeliveredRecord) => Timed<T>;
  readonly hasGaps: boolean;
  readonly onOutOfRange: OutOfRangePolicy;
  readonly bounds: () => Promise<ReadonlyMap<number, PartitionBounds>>;
  readonly logger: Logger;
  readonly monotonicMs: () => number;
}

/** A consumer whose events can be listened to while it is read. */
export interface ReadableConsumer {
  readonly consumer: TopicConsumer;
  /** Calls back after every assignment, and with the error after which there are none. Returns how to stop that. */
  readonly listen: (onAssigned: () => void, onFailed: (error: Error) => void) => () => void;
}

const maxChunkRecords = 1000;
/** Bytes of one partition that wait for the reader. */
const maxWaitingBytes = 2 * 1024 * 1024;
/** How long a partition that has more is waited for: longer than a broker takes to come back. */
const patienceMs = 30_000;
/** How often somebody looks whether patience has run out. */
const wakeMs = 1_000;
/** How often a fetch that begins behind the expected offset is tried again, before the records are taken as lost. */
const maxSeeks = 3;

/**
 * Reads the partitions that a consumer holds, merged, in chunks of at most 1000; waits at the end until `signal` aborts.
 *
 * Every offset is checked: kafkajs continues at another offset without a word where the wanted one is gone.
 *
 * @throws OffsetOutOfRangeError, or OffsetGapError for offsets that are missing though the broker should have them; what ended the consumer.
 */
export async function* readTopic<T>(
  { consumer, listen }: ReadableConsumer,
  reading: TopicReading<T>,
  signal: AbortSignal,
): AsyncGenerator<readonly T[]> {
  const { topic, start, until, decode, hasGaps, onOutOfRange, bounds, logger, monotonicMs } = reading;
  if (signal.aborted) return;
  const queues = createPartitionQueues({ decode, maxBytes: maxWaitingBytes, hasGaps, patienceMs, monotonicMs });
  const wakeUp = createWakeUp();
  const seeks = new Map<number, number>();
  const checked = new Set<number>();
  let failure: Error | undefined;
  const fail = (error: Error): void => {
    failure ??= error;
    wakeUp.all();
  };

  const isReached = (ends: Readonly<Record<number, number>>): boolean =>
    Object.entries(ends).every(([partition, end]) => (queues.nextOffset(Number(partition)) ?? -1) >= end);

  /** Where to go on when a wanted offset is not held. */
  const resolve = (partition: number, wanted: number, { low, high }: PartitionBounds): number => {
    if (wanted >= low && wanted <= high) return wanted;
    const error = new OffsetOutOfRangeError(topic, partition, wanted, low, high);
    if (onOutOfRange === 'fail') throw error;
    const next = onOutOfRange === 'earliest' ? low : high;
    logger.error('offset.reset', { reason: error.message, policy: onOutOfRange, to: next });
    return next;
  };

  /** Begins partitions that are new to the reader. */
  const placeNew = async (): Promise<void> => {
    const held = await bounds();
    for (const partition of consumer.partitions) {
      const bound = held.get(partition);
      const next = queues.nextOffset(partition);
      if (!bound || (next !== undefined && next >= bound.low && next <= bound.high)) continue;
      const wanted = next ?? start[partition];
      queues.place(partition, wanted === undefined ? bound.low : resolve(partition, wanted, bound), bound.high);
      consumer.seek(partition);
    }
    wakeUp.all();
  };

  /** A fetch began behind the expected offset: kafkajs may have lost its place, or the records are gone. */
  const onMissing = async (partition: number, expected: number): Promise<void> => {
    if (checked.has(partition)) return; // further deliveries come while the bounds are asked for
    checked.add(partition);
    const bound = await bounds()
      .then((held) => held.get(partition))
      .finally(() => checked.delete(partition));
    if (!bound || queues.nextOffset(partition) !== expected) return;
    if (expected < bound.low || expected > bound.high) {
      queues.place(partition, resolve(partition, expected, bound), bound.high);
    } else {
      const count = (seeks.get(partition) ?? 0) + 1;
      seeks.set(partition, count);
      if (count > maxSeeks) throw new OffsetGapError(topic, partition, expected, undefined);
    }
    consumer.seek(partition);
  };

  const stopListening = listen(() => void placeNew().catch(fail), fail);
  const patience = setInterval(wakeUp.all, wakeMs);
  try {
    consumer.deliverTo({
      nextOffset: queues.nextOffset,
      isFull: queues.isFull,
      deliver: (partition, delivery) => {
        const missing = queues.deliver(partition, delivery);
        if (missing === undefined) seeks.delete(partition);
        else void onMissing(partition, missing).catch(fail);
        wakeUp.all();
      },
    });
    await placeNew();
    while (!signal.aborted) {
      if (failure) throw failure;
      const full = queues.partitions.filter(queues.isFull);
      const chunk = queues.take(maxChunkRecords);
      for (const partition of full) if (!queues.isFull(partition)) consumer.resume(partition);
      if (chunk.length === 0) {
        if (until && queues.isDrained && isReached(until)) return;
        await wakeUp.next(signal);
        continue;
      }
      yield chunk;
      await breathe();
    }
  } finally {
    clearInterval(patience);
    consumer.deliverTo(undefined);
    stopListening();
  }
}
