import type { DeadLetterSink, RejectedRecord } from '../ports';
import { deadLetterTopic } from '../topics';
import type { EmbeddedLog } from './embedded-log';

/** Form of a dead letter in the log: the rejected record, its bytes in base64. */
interface DeadLetterJson {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly code: string;
  readonly reason: string;
  readonly value: string;
}

/** Keeps rejected records in the topic `impressions.dead-letter` of an embedded log, each position once. */
export function createEmbeddedDeadLetterSink(log: EmbeddedLog): DeadLetterSink {
  return {
    async reject(records) {
      const letters = records.map(({ topic, partition, offset, rejection, value }) => {
        const json: DeadLetterJson = {
          topic,
          partition,
          offset,
          code: rejection.code,
          reason: rejection.reason,
          value: Buffer.from(value).toString('base64'),
        };
        return { partition: 0, key: `${topic}/${partition}/${offset}`, value: Buffer.from(JSON.stringify(json)) };
      });
      await log.append(deadLetterTopic, letters);
    },
  };
}

/**
 * Dead letters in the order in which they were kept, up to now.
 *
 * @example for (const { offset, rejection } of readDeadLetters(log)) console.log(offset, rejection.reason);
 */
export function* readDeadLetters(log: EmbeddedLog): Generator<RejectedRecord> {
  let { earliest: next } = log.bounds(deadLetterTopic, 0);
  for (;;) {
    const { records, nextOffset } = log.read(deadLetterTopic, 0, next);
    if (records.length === 0) return;
    next = nextOffset;
    for (const record of records) {
      const letter = JSON.parse(Buffer.from(record.value).toString()) as DeadLetterJson;
      const { topic, partition, offset, code, reason, value } = letter;
      yield { topic, partition, offset, rejection: { code, reason }, value: Buffer.from(value, 'base64') };
    }
  }
}
