import {
  type Clock,
  type Logger,
  retry,
  type RetryOptions,
  type SecretSources,
  SettingsError,
} from '@gatehouse/runtime';
import { type Admin, Kafka, logLevel, type LogEntry } from 'kafkajs';

import type { KafkaSettings } from '../kafka-settings';
import { securityOf } from './kafka-security';
import type { PartitionBounds } from './read-topic';

/** A connection to a cluster, shared by all that one process does there. */
export interface KafkaConnection {
  readonly kafka: Kafka;
  readonly settings: KafkaSettings;
  readonly logger: Logger;
  readonly monotonicMs: () => number;
  /** Name of a topic on the cluster. */
  readonly topicName: (topic: string) => string;
  /** What every partition of a topic holds. @throws TopicMissingError. */
  readonly bounds: (topic: string) => Promise<Map<number, PartitionBounds>>;
  /** @throws TopicMissingError. */
  readonly partitionCount: (topic: string) => Promise<number>;
  admin(): Promise<Admin>;
  close(): Promise<void>;
}

/** A topic that is not on the cluster; none is made by reading or writing. */
export class TopicMissingError extends Error {
  override readonly name = 'TopicMissingError';
  constructor(
    readonly topic: string,
    options?: ErrorOptions,
  ) {
    super(`topic ${topic}: expected it on the cluster, found none; create it with ./gatehouse topics`, options);
  }
}

/** Pauses between the tries of one request; a consumer that has used them up begins anew, so an outage has no end. */
const requestRetry = { initialRetryTime: 100, maxRetryTime: 1_000, retries: 5 };
/** For what kafkajs does not try again though it may: a partition whose leader is just being chosen. */
const again: RetryOptions = {
  attempts: 12,
  baseMs: 50,
  maxMs: 1_000,
  random: Math.random,
  isRetriable: mayBeOver,
};
const requestTimeoutMs = 10_000;
const connectionTimeoutMs = 3_000;

/**
 * Prepares a connection; nothing is sent yet.
 *
 * @throws SettingsError.
 * @example const connection = connectKafka(config.kafka, { environment: process.env }, logger, systemClock);
 */
export function connectKafka(
  settings: KafkaSettings,
  secrets: SecretSources,
  logger: Logger,
  clock: Pick<Clock, 'monotonicMs'>,
): KafkaConnection {
  if (settings.brokers.length === 0) throw new SettingsError('kafka.brokers', 'expected at least one, found none');
  const kafka = new Kafka({
    clientId: settings.clientId,
    brokers: [...settings.brokers],
    ...securityOf(settings, secrets),
    retry: requestRetry,
    requestTimeout: requestTimeoutMs,
    enforceRequestTimeout: true,
    connectionTimeout: connectionTimeoutMs,
    logLevel: logLevel.INFO,
    logCreator: () => (entry) => say(logger, entry),
  });
  let admin: Promise<Admin> | undefined;
  const topicName = (topic: string): string => settings.topicPrefix + topic;
  const getAdmin = (): Promise<Admin> => {
    admin ??= (async () => {
      const created = kafka.admin();
      await created.connect();
      return created;
    })();
    admin.catch(() => (admin = undefined));
    return admin;
  };
  /** Asks about a topic. A broker may not have heard yet of one that was just created, so a missing one is asked for again. */
  const ask = <T>(topic: string, question: (admin: Admin, name: string) => Promise<T>): Promise<T> =>
    retry(async () => question(await getAdmin(), topicName(topic)), again).catch((cause: unknown) => {
      if (typeOf(cause) !== 'UNKNOWN_TOPIC_OR_PARTITION') throw cause;
      throw new TopicMissingError(topicName(topic), { cause });
    });
  return {
    kafka,
    settings,
    logger,
    monotonicMs: () => clock.monotonicMs(),
    topicName,
    partitionCount: (topic) =>
      ask(topic, async (admin, name) => {
        const { topics } = await admin.fetchTopicMetadata({ topics: [name] });
        return topics[0].partitions.length;
      }),
    bounds: async (topic) => {
      const offsets = await ask(topic, (admin, name) => admin.fetchTopicOffsets(name));
      return new Map(
        offsets
          .map(({ partition, low, high }) => [partition, { low: Number(low), high: Number(high) }] as const)
          .sort(([a], [b]) => a - b),
      );
    },
    admin: getAdmin,
    close: async () => {
      const opened = await admin?.catch(() => undefined);
      await opened?.disconnect();
    },
  };
}

/** Whether an error may be over soon. kafkajs says of one that it gave up on that it may not, though it gave up on an outage. */
export function mayBeOver(error: unknown): boolean {
  const { name, retriable } = error as { name?: string; retriable?: boolean };
  return retriable === true || name === 'KafkaJSNumberOfRetriesExceeded';
}

/** Kafka's name of an error, if a broker sent it. */
function typeOf(error: unknown): string | undefined {
  return (error as { type?: string }).type;
}

/** kafkajs tells much, and at a high level: its lines are for who looks for a cause. Its fields may hold records, so few pass. */
function say(logger: Logger, { namespace, level, log }: LogEntry): void {
  const { message, error, broker, groupId, topic } = log as Readonly<Record<string, unknown>>;
  const fields = { namespace, message, reason: typeof error === 'string' ? error : undefined, broker, groupId, topic };
  if (level <= logLevel.WARN) logger.warn('kafka.said', fields);
  else logger.debug('kafka.said', fields);
}
