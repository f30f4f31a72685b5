import { retry, type RetryOptions } from '@gatehouse/runtime';

import { encodeImpression } from '../encode-impression';
import { maxValueBytes } from '../parse-json';
import type { DeadLetterSink, ImpressionSink, RejectedRecord } from '../ports';
import { deadLetterTopic, impressionsTopic } from '../topics';
import { mayBeOver } from './connect-kafka';
import type { NewRecord, PartitionedProducer } from './partitioned-producer';

/** Appends impressions to a cluster, keyed by user id: all of one user's to one partition. */
export function createKafkaImpressionSink(producer: PartitionedProducer): ImpressionSink {
  return {
    append: (impressions) =>
      producer.send(
        impressionsTopic,
        impressions.map((impression) => ({ key: impression.userId, value: encodeImpression(impression) })),
      ),
  };
}

/**
 * Keeps rejected records in the topic `impressions.dead-letter`, keyed by where they stood: `topic/partition/offset`. A record that is
 * rejected again, after a crash, comes under the same key, and compaction keeps one. The value is the record's own, cut at 64 KiB; of an
 * action that the schema does not know, it is the impression as JSON.
 */
export function createKafkaDeadLetterSink(producer: PartitionedProducer): DeadLetterSink {
  return {
    reject: (records) => retry(() => producer.send(deadLetterTopic, records.map(letterOf)), untilTheyAreBack),
  };
}

/** The reader waits for its dead letters, so an outage of the brokers must not end it. */
const untilTheyAreBack: RetryOptions = {
  attempts: Number.MAX_SAFE_INTEGER,
  baseMs: 100,
  maxMs: 2_000,
  random: Math.random,
  isRetriable: mayBeOver,
};

function letterOf({ topic, partition, offset, rejection, value }: RejectedRecord): NewRecord {
  return {
    key: `${topic}/${partition}/${offset}`,
    value: value.subarray(0, maxValueBytes),
    headers: {
      code: rejection.code,
      reason: rejection.reason,
      topic,
      partition: String(partition),
      offset: String(offset),
      bytes: String(value.length),
    },
  };
}
