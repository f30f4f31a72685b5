import { randomUUID } from 'node:crypto';

import type { PartitionAssigner } from 'kafkajs';

import type { KafkaConnection } from './connect-kafka';
import { readTopic, type ReadableConsumer, type TopicReading } from './read-topic';
import { createTopicConsumer } from './topic-consumer';

type Listener = readonly [onAssigned: () => void, onFailed: (error: Error) => void];

/** Creates a consumer of a topic that several can listen to. It is not started. */
export function createReadableConsumer(
  connection: KafkaConnection,
  topic: string,
  groupId: string,
  assigner?: PartitionAssigner,
): ReadableConsumer {
  const listeners = new Set<Listener>();
  let failure: Error | undefined;
  const consumer = createTopicConsumer({
    kafka: connection.kafka,
    topic: connection.topicName(topic),
    groupId,
    ...(assigner && { assigner }),
    monotonicMs: connection.monotonicMs,
    onAssigned: () => [...listeners].forEach(([onAssigned]) => onAssigned()),
    onFailed: (error) => {
      failure = error;
      [...listeners].forEach(([, onFailed]) => onFailed(error));
    },
  });
  return {
    consumer,
    listen: (...listener) => {
      listeners.add(listener);
      if (failure) listener[1](failure); // it ended before anybody listened
      return () => listeners.delete(listener);
    },
  };
}

/** What to read, without what the connection knows. */
export type Reading<T> = Pick<TopicReading<T>, 'start' | 'until' | 'decode' | 'hasGaps'>;

/** {@link readTopic} with what the connection knows. */
export function readThrough<T>(
  connection: KafkaConnection,
  readable: ReadableConsumer,
  topic: string,
  reading: Reading<T>,
  signal: AbortSignal,
): AsyncGenerator<readonly T[]> {
  const { settings, logger, monotonicMs, bounds } = connection;
  return readTopic(
    readable,
    { ...reading, topic, onOutOfRange: settings.onOffsetOutOfRange, bounds: () => bounds(topic), logger, monotonicMs },
    signal,
  );
}

/** Reads all partitions of a topic, as a group of its own that nobody else joins and that leaves nothing behind. */
export async function* readAlone<T>(
  connection: KafkaConnection,
  topic: string,
  reading: Reading<T>,
  signal: AbortSignal,
): AsyncGenerator<readonly T[]> {
  if (signal.aborted) return;
  await connection.bounds(topic); // a topic that is missing is said at once
  const readable = createReadableConsumer(connection, topic, `${connection.settings.groupId}.reader.${randomUUID()}`);
  try {
    await readable.consumer.start();
    yield* readThrough(connection, readable, topic, reading, signal);
  } finally {
    await readable.consumer.stop();
  }
}
