import { itemFormat } from '../item-format';
import type { EventLog } from '../ports';
import { userProfileFormat } from '../user-profile-format';
import { type KafkaConnection, connectKafka } from './connect-kafka';
import { createKafkaElection } from './kafka-election';
import { createKafkaImpressionSource } from './kafka-impression-source';
import { createKafkaCompactedTopic } from './kafka-compacted-topic';
import { createKafkaDeadLetterSink, createKafkaImpressionSink } from './kafka-sinks';
import { createPartitionedProducer } from './partitioned-producer';

/** Silence of the broker after which it counts as out of reach: longer than a session. */
const reachableMs = 10_000;

/**
 * The event log of a cluster. Nothing is sent before something is used.
 *
 * @throws SettingsError.
 * @example const log = openKafkaLog(config.kafka, { environment: process.env }, logger, systemClock);
 */
export function openKafkaLog(...connecting: Parameters<typeof connectKafka>): EventLog {
  return kafkaLogOver(connectKafka(...connecting));
}

/** {@link openKafkaLog} over a connection, which it closes. */
export function kafkaLogOver(connection: KafkaConnection): EventLog {
  const producer = createPartitionedProducer(connection);
  const election = createKafkaElection(connection);
  return {
    source: createKafkaImpressionSource(connection),
    sink: createKafkaImpressionSink(producer),
    deadLetters: createKafkaDeadLetterSink(producer),
    items: createKafkaCompactedTopic(connection, producer, itemFormat),
    users: createKafkaCompactedTopic(connection, producer, userProfileFormat),
    election,
    isReachable: () => connection.monotonicMs() - (election.heardMs ?? -Infinity) < reachableMs,
    close: async () => {
      await election.close();
      await producer.close();
      await connection.close();
    },
  };
}
