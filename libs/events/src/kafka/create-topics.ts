import { deadLetterTopic, impressionsTopic, itemsTopic, usersTopic } from '../topics';
import type { KafkaConnection } from './connect-kafka';

/** How {@link createTopics} makes topics. */
export interface TopicCreation {
  /** Of the impressions. */
  readonly partitions: number;
  /** Copies of each partition; -1: as the cluster does by default. */
  readonly replicas: number;
  /** How long impressions are kept. */
  readonly retentionMs: number;
}

const day = 24 * 3_600_000;
/** How long a removed key is told of: longer than a follower may be away. */
const tombstoneMs = 30 * day;

/**
 * Creates the topics that are missing, with the clean-up that each needs; what is there stays as it is.
 *
 * @returns names of those that were created
 */
export async function createTopics(
  connection: KafkaConnection,
  { partitions, replicas, retentionMs }: TopicCreation,
): Promise<string[]> {
  const wanted = [
    {
      topic: impressionsTopic,
      numPartitions: partitions,
      config: { 'retention.ms': retentionMs, 'message.timestamp.type': 'LogAppendTime' },
    },
    ...[itemsTopic, usersTopic].map((topic) => ({
      topic,
      numPartitions: 1,
      config: { 'cleanup.policy': 'compact', 'delete.retention.ms': tombstoneMs },
    })),
    {
      topic: deadLetterTopic,
      numPartitions: 1,
      config: { 'cleanup.policy': 'compact,delete', 'retention.ms': 30 * day },
    },
  ].map(({ topic, numPartitions, config }) => ({
    topic: connection.topicName(topic),
    numPartitions,
    replicationFactor: replicas,
    configEntries: Object.entries(config).map(([name, value]) => ({ name, value: String(value) })),
  }));
  const admin = await connection.admin();
  const there = new Set(await admin.listTopics());
  const missing = wanted.filter(({ topic }) => !there.has(topic));
  // Not waitForLeaders: it throws while the brokers of a larger cluster have yet to hear of the topics. Whoever uses them tries again.
  if (missing.length > 0) await admin.createTopics({ topics: missing, waitForLeaders: false });
  return missing.map(({ topic }) => topic);
}
