import type { Impression, ModelVersionId, Offsets, Snapshot } from '@gatehouse/domain';
import type { FollowerUserState, ImpressionRecord, ImpressionSource } from '@gatehouse/events';
import { type Delay, describeError, type Logger } from '@gatehouse/runtime';

import type { ServingPair } from './serving-pair';

/** Collaborators of {@link createImpressionFollower}. */
export interface ImpressionFollowing {
  readonly source: ImpressionSource;
  readonly users: FollowerUserState;
  /** The users' state as a version's snapshot holds it. */
  readonly readUsers: (version: ModelVersionId) => Promise<Snapshot>;
  readonly delay: Delay;
  readonly logger: Logger;
}

/** Keeps the users' state current. */
export interface ImpressionFollower {
  /**
   * Starts from the snapshot of a version when that reaches further than the state's own offsets: the log then need not reach back to
   * its beginning. Without a readable snapshot the log alone must do.
   */
  catchUp(pair: Pick<ServingPair, 'version' | 'offsets'>): Promise<void>;
  /** Applies the log as it grows, until `signal` aborts. After a failed read it catches up with the pair in service, and tries again. */
  follow(current: () => ServingPair | undefined, signal: AbortSignal): Promise<void>;
}

/** Pause before a failed read is tried again. */
const retryMs = 1000;

/** Creates the follower of one log. Events change the next answer of their user; no training takes part. */
export function createImpressionFollower(following: ImpressionFollowing): ImpressionFollower {
  const { source, users, readUsers, delay, logger } = following;

  const catchUp = async ({ version, offsets }: Pick<ServingPair, 'version' | 'offsets'>): Promise<void> => {
    if (!isBehind(users.offsets, offsets)) return;
    try {
      await users.load(await readUsers(version), offsets);
    } catch (error) {
      logger.warn('user-state.snapshot-unreadable', { modelVersion: version, reason: describeError(error) });
    }
  };

  return {
    catchUp,
    follow: async (current, signal) => {
      while (!signal.aborted) {
        try {
          for await (const records of source.read(users.offsets, signal)) {
            await users.apply(records.flatMap(impressionsOf), offsetsAfter(users.offsets, records));
          }
        } catch (error) {
          if (signal.aborted) return;
          logger.error('user-state.stalled', { reason: describeError(error) });
          await delay(retryMs, signal).catch(() => undefined); // only an abort ends it early
          const pair = current();
          if (pair) await catchUp(pair);
        }
      }
    },
  };
}

/** What was rejected is the trainer's to keep; here it is passed over. */
function impressionsOf(record: ImpressionRecord): readonly Impression[] {
  return 'impression' in record ? [record.impression] : [];
}

function offsetsAfter(offsets: Offsets, records: readonly ImpressionRecord[]): Offsets {
  const next: Record<string, Record<number, number>> = {};
  for (const [topic, partitions] of Object.entries(offsets)) next[topic] = { ...partitions };
  for (const { topic, partition, offset } of records) {
    next[topic] ??= {};
    next[topic][partition] = offset + 1;
  }
  return next;
}

function isBehind(own: Offsets, other: Offsets): boolean {
  return Object.entries(other).some(([topic, partitions]) =>
    Object.entries(partitions).some(([partition, offset]) => (own[topic]?.[Number(partition)] ?? 0) < offset),
  );
}
