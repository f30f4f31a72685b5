import { encodeImpression } from '../encode-impression';
import { maxValueBytes } from '../parse-json';
import type { DeadLetterSink, ImpressionSink } from '../ports';
import { deadLetterTopic, impressionsTopic } from '../topics';
import type { PartitionedProducer } from './partitioned-producer';

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
 * rejected again, after a crash, comes under the same key, and compaction keeps one. The value is the record's own, cut at 64 KiB.
 */
export function createKafkaDeadLetterSink(producer: PartitionedProducer): DeadLetterSink {
  return {
    reject: (records) =>
      producer.send(
        deadLetterTopic,
        records.map(({ topic, partition, offset, rejection, value }) => ({
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
        })),
      ),
  };
}
