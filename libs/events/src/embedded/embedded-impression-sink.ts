import { encodeImpression } from '../encode-impression';
import { partitionOf } from '../partition-of';
import type { ImpressionSink } from '../ports';
import { impressionsTopic } from '../topics';
import { breathe } from '../wait';
import type { EmbeddedLog } from './embedded-log';

/** Bounds the time for which one transaction holds the event loop and the other writers. */
const maxTransactionRecords = 4096;

/** Appends impressions to an embedded log, all of one user's to one partition. */
export function createEmbeddedImpressionSink(log: EmbeddedLog): ImpressionSink {
  return {
    async append(impressions) {
      for (let at = 0; at < impressions.length; at += maxTransactionRecords) {
        const batch = impressions.slice(at, at + maxTransactionRecords).map((impression) => ({
          partition: partitionOf(impression.userId, log.partitionCount),
          value: encodeImpression(impression),
        }));
        await log.append(impressionsTopic, batch);
        await breathe();
      }
    },
  };
}
