import { type IHeaders, Partitioners, type Producer } from 'kafkajs';

import type { KafkaConnection } from './connect-kafka';

/** A record to write. Without `partition`, its key decides, as with Kafka's own clients. */
export interface NewRecord {
  readonly key: string;
  readonly value: Uint8Array | null;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Writes records so that what it acknowledges stays. */
export interface PartitionedProducer {
  /** Resolves when all in-sync replicas have all records. Records of one key keep their order. */
  send(topic: string, records: readonly NewRecord[]): Promise<void>;
  close(): Promise<void>;
}

/** A partition may be without a leader for some seconds; what is sent meanwhile waits. */
const producerRetry = { initialRetryTime: 100, maxRetryTime: 1_000, retries: 15 };
/** Records of one request at most: bounds what a request takes, at 64 KiB a value. */
const maxRequestRecords = 1_000;
const maxRequestBytes = 512 * 1024;

/**
 * An idempotent producer whose every request goes to one partition.
 *
 * kafkajs 2.2.4 loses acknowledged records when the leader of a partition ends during a request for several partitions: one in twenty in
 * our measurement, none with a request a partition.
 */
export function createPartitionedProducer(connection: KafkaConnection): PartitionedProducer {
  const choose = Partitioners.DefaultPartitioner();
  let connected: Promise<Producer> | undefined;
  const connect = (): Promise<Producer> => {
    connected ??= (async () => {
      const producer = connection.kafka.producer({
        idempotent: true,
        maxInFlightRequests: 1,
        allowAutoTopicCreation: false,
        retry: producerRetry,
        createPartitioner: Partitioners.DefaultPartitioner,
      });
      await producer.connect();
      return producer;
    })();
    connected.catch(() => (connected = undefined));
    return connected;
  };

  const partitionCounts = new Map<string, Promise<number>>();
  const countPartitions = (topic: string): Promise<number> => {
    let count = partitionCounts.get(topic);
    if (!count) {
      count = connection.partitionCount(topic);
      count.catch(() => partitionCounts.delete(topic));
      partitionCounts.set(topic, count);
    }
    return count;
  };

  return {
    send: async (name, records) => {
      if (records.length === 0) return;
      const topic = connection.topicName(name);
      const producer = await connect();
      const count = await countPartitions(name);
      // All partitions count as available: a key must not move because a leader is away for a moment.
      const partitionMetadata = Array.from({ length: count }, (_, partitionId) => ({
        partitionId,
        leader: 0,
        isr: [],
        replicas: [],
        partitionErrorCode: 0,
      }));
      const byPartition = new Map<number, NewRecord[]>();
      for (const record of records) {
        const message = { key: record.key, value: null };
        const partition = choose({ topic, partitionMetadata, message });
        const group = byPartition.get(partition);
        if (group) group.push(record);
        else byPartition.set(partition, [record]);
      }
      await Promise.all(
        [...byPartition].map(async ([partition, group]) => {
          for (const request of requestsOf(group)) {
            await producer.send({ topic, acks: -1, messages: request.map((record) => messageOf(record, partition)) });
          }
        }),
      );
    },
    close: async () => {
      const producer = await connected?.catch(() => undefined);
      await producer?.disconnect();
    },
  };
}

function messageOf({ key, value, headers }: NewRecord, partition: number) {
  return { key, value: value && Buffer.from(value), partition, ...(headers && { headers: headers as IHeaders }) };
}

function* requestsOf(records: readonly NewRecord[]): Generator<NewRecord[]> {
  let request: NewRecord[] = [];
  let bytes = 0;
  for (const record of records) {
    const size = record.key.length + (record.value?.length ?? 0);
    if (request.length > 0 && (request.length === maxRequestRecords || bytes + size > maxRequestBytes)) {
      yield request;
      [request, bytes] = [[], 0];
    }
    request.push(record);
    bytes += size;
  }
  if (request.length > 0) yield request;
}
