import { randomUUID } from 'node:crypto';

import { createLogger, systemClock } from '@gatehouse/runtime';
import { kafkaBrokers } from '@gatehouse/testing';

import { kafkaSettings } from '../kafka-settings';
import { connectKafka, type KafkaConnection } from './connect-kafka';
import { createTopics } from './create-topics';

/** `describe` where there is a broker. */
export const describeKafka = kafkaBrokers() ? describe : describe.skip;

export const quietLogger = createLogger({ app: 'test', level: 'silent' });

/** Connects with topics of its own, which are created. */
export async function openCluster(partitions: number, changes: object = {}): Promise<KafkaConnection> {
  const unique = `test-${randomUUID()}`;
  const settings = kafkaSettings.parse({
    brokers: kafkaBrokers(),
    groupId: unique,
    topicPrefix: `${unique}.`,
    ...changes,
  });
  const connection = connectKafka(settings, { environment: process.env }, quietLogger, systemClock);
  await createTopics(connection, { partitions, replicas: -1, retentionMs: 3_600_000 });
  return connection;
}
