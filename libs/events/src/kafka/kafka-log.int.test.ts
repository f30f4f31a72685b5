import { type CompactedUnderTest, compactedTopicContract } from '../compacted-topic.contract';
import { impressionLogContract, type LogUnderTest } from '../impression-log.contract';
import { itemFormat } from '../item-format';
import type { RejectedRecord } from '../ports';
import { deadLetterTopic, impressionsTopic } from '../topics';
import { describeKafka, openCluster } from './cluster.fixture';
import { createKafkaImpressionSource } from './kafka-impression-source';
import { createKafkaCompactedTopic } from './kafka-compacted-topic';
import { createKafkaDeadLetterSink, createKafkaImpressionSink } from './kafka-sinks';
import type { KafkaConnection } from './connect-kafka';
import type { DeliveredRecord } from './partition-queues';
import { createPartitionedProducer } from './partitioned-producer';
import { readAlone } from './readable-consumer';

jest.setTimeout(120_000);

async function openLog(partitionCount: number): Promise<LogUnderTest> {
  const connection = await openCluster(partitionCount);
  const producer = createPartitionedProducer(connection);
  const raw = connection.kafka.producer();
  await raw.connect();
  const topic = connection.topicName(impressionsTopic);
  const source = createKafkaImpressionSource(connection);
  return {
    source,
    sink: createKafkaImpressionSink(producer),
    deadLetters: createKafkaDeadLetterSink(producer),
    rejected: () => readRejected(connection),
    appendBytes: async (value) => {
      await raw.send({ topic, messages: [{ partition: 0, value: Buffer.from(value) }] });
    },
    expire: async () => {
      const { impressions } = await source.endOffsets();
      const admin = await connection.admin();
      await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: String(impressions[0]) }] });
    },
    close: async () => {
      await raw.disconnect();
      await producer.close();
      await connection.close();
    },
  };
}

/** Dead letters by key, as compaction leaves them, in the order first kept. */
async function readRejected(connection: KafkaConnection): Promise<RejectedRecord[]> {
  const { high } = (await connection.bounds(deadLetterTopic)).get(0)!;
  const letters = new Map<string, RejectedRecord>();
  const decode = (_: number, { key, value, headers }: DeliveredRecord) => {
    const { topic, partition, offset, code, reason } = Object.fromEntries(
      Object.entries(headers).map(([name, header]) => [name, String(header)]),
    );
    const position = { topic, partition: Number(partition), offset: Number(offset) };
    letters.set(String(key), { ...position, rejection: { code, reason }, value: value! });
    return { value: undefined, timeMs: 0 };
  };
  const reading = { start: {}, until: { 0: high }, decode, hasGaps: true };
  const chunks = readAlone(connection, deadLetterTopic, reading, new AbortController().signal);
  while (!(await chunks.next()).done); // the letters are collected as they are decoded
  return [...letters.values()];
}

async function openTopic(): Promise<CompactedUnderTest> {
  const connection = await openCluster(1);
  const producer = createPartitionedProducer(connection);
  return {
    topic: createKafkaCompactedTopic(connection, producer, itemFormat),
    close: async () => {
      await producer.close();
      await connection.close();
    },
  };
}

describeKafka('on a broker', () => {
  impressionLogContract('Kafka', openLog);
  compactedTopicContract('Kafka', openTopic, 5); // a topic and several groups for each run
});
