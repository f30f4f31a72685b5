import type { Impression, ModelVersionId, Offsets, Snapshot } from '@gatehouse/domain';
import {
  type FollowerUserState,
  type ImpressionRecord,
  type ImpressionSource,
  OffsetOutOfRangeError,
} from '@gatehouse/events';
import { type Delay, describeError, type Logger } from '@gatehouse/runtime';

import type { ServingPair } from './serving-pair';

/** Collaborators of {@link createImpressionFollower}. */
export interface ImpressionFollowing {
  readonly source: ImpressionSource;
  readonly users: FollowerUserState;
  /** The users' state as a version's snapshot holds it. */
  readonly readUsers: (version: ModelVersionId) => Promise<Snapshot>;
  /** A state of nobody, to start over from. */
  readonly nobody: Snapshot;
  /** What else follows the stream. It has no memory of its own, so it looks back to before where the users' state stands. */
  readonly counting?: Counting;
  readonly delay: Delay;
  readonly logger: Logger;
}

/** Counts what happens in the stream. */
export interface Counting {
  /** Events that it begins with, shared out over the partitions, beside those that are new to the users' state. */
  readonly lookBackEvents: number;
  apply(impressions: readonly Impression[]): void;
  clear(): void;
}

/** A version, and how far its snapshot reaches. */
type Standing = Pick<ServingPair, 'version' | 'offsets'>;

/** Keeps the users' state current. */
export interface ImpressionFollower {
  /**
   * Starts from the snapshot of a version when that reaches further than the state's own offsets: the log then need not reach back to
   * its beginning. Without a readable snapshot the log alone must do. Never rejects.
   */
  catchUp(pair: Standing): Promise<void>;
  /**
   * Applies the log as it grows, until `signal` aborts. After a failed read it catches up with the pair in service, and tries again.
   * When the log no longer holds where the state stands, it starts over: from that pair's snapshot if the log goes on from there, else
   * from nobody and the beginning of the log. Never rejects.
   *
   * What counts along gets every record once. It begins with the last of those that the users' state has seen already, and begins anew
   * where the log does.
   */
  follow(current: () => ServingPair | undefined, signal: AbortSignal): Promise<void>;
}

/** Pause before a failed read is tried again. */
const retryMs = 1000;

/** Creates the follower of one log. Events change the next answer of their user; no training takes part. */
export function createImpressionFollower(following: ImpressionFollowing): ImpressionFollower {
  const { source, users, readUsers, nobody, counting, delay, logger } = following;

  const warnOf = (error: unknown, modelVersion: ModelVersionId | undefined): void =>
    logger.warn('user-state.not-loaded', { modelVersion, reason: describeError(error) });

  const catchUp = async ({ version, offsets }: Standing): Promise<void> => {
    try {
      if (isBehind(users.offsets, offsets)) await users.load(await readUsers(version), offsets);
    } catch (error) {
      warnOf(error, version);
    }
  };

  const startOver = async (pair: Standing | undefined, gone: OffsetOutOfRangeError): Promise<void> => {
    if (pair && isHeld(pair.offsets, gone)) {
      try {
        await users.load(await readUsers(pair.version), pair.offsets);
        return;
      } catch (error) {
        warnOf(error, pair.version);
      }
    }
    try {
      await users.load(nobody, {});
      logger.warn('user-state.emptied', { topic: gone.topic, partition: gone.partition });
    } catch (error) {
      warnOf(error, undefined);
    }
  };

  return {
    catchUp,
    follow: async (current, signal) => {
      let counted: Offsets | undefined;
      while (!signal.aborted) {
        let standing: Offsets = {};
        try {
          standing = users.offsets;
          if (counting) counted ??= await lookBack(source, standing, counting.lookBackEvents);
          const start = counted ? earlierOf(standing, counted) : standing;
          for await (const records of source.read(start, signal)) {
            const own = users.offsets;
            const fresh = counted ? recordsFrom(own, records) : records;
            if (fresh.length > 0) await users.apply(fresh.flatMap(impressionsOf), offsetsAfter(own, fresh));
            if (!counting || !counted) continue;
            counting.apply(recordsFrom(counted, records).flatMap(impressionsOf));
            counted = offsetsAfter(counted, records);
          }
        } catch (error) {
          if (signal.aborted) return;
          logger.error('user-state.stalled', { reason: describeError(error) });
          await delay(retryMs, signal).catch(() => undefined); // only an abort ends it early
          const pair = current();
          const isGone = error instanceof OffsetOutOfRangeError;
          if (isGone) {
            counting?.clear();
            counted = undefined;
          }
          if (isGone && !(counting && isHeld(standing, error))) await startOver(pair, error);
          else if (pair) await catchUp(pair);
        }
      }
    },
  };
}

/** Where to begin so that a number of events come again, of partitions whose log goes on from where the state stands. */
async function lookBack(source: ImpressionSource, standing: Offsets, events: number): Promise<Offsets> {
  if (events === 0) return standing;
  const partitionCount = Object.values(standing).reduce((sum, each) => sum + Object.keys(each).length, 0);
  const each = Math.ceil(events / partitionCount);
  const [earliest, end] = await Promise.all([source.earliestOffsets(), source.endOffsets()]);
  return Object.fromEntries(
    Object.entries(standing).map(([topic, partitions]) => {
      const begin = Object.entries(partitions).map(([partition, offset]) => {
        const [first, last] = [earliest, end].map((known) => known[topic]?.[Number(partition)] ?? offset);
        return [partition, first <= offset && offset <= last ? Math.max(first, offset - each) : offset];
      });
      return [topic, Object.fromEntries(begin)];
    }),
  );
}

/** The earlier of two positions; a partition that one of them does not name is read from its beginning. */
function earlierOf(a: Offsets, b: Offsets): Offsets {
  return Object.fromEntries(
    Object.keys(a).map((topic) => {
      const shared = Object.keys(a[topic]).filter((partition) => b[topic]?.[Number(partition)] !== undefined);
      return [topic, Object.fromEntries(shared.map((each) => [each, Math.min(a[topic][+each], b[topic][+each])]))];
    }),
  );
}

/** Those records that positions have not passed. */
function recordsFrom(offsets: Offsets, records: readonly ImpressionRecord[]): readonly ImpressionRecord[] {
  return records.filter(({ topic, partition, offset }) => offset >= (offsets[topic]?.[partition] ?? 0));
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

/** Whether the log goes on from these positions, as far as the failed read can tell. */
function isHeld(offsets: Offsets, { topic, partition, earliest, end }: OffsetOutOfRangeError): boolean {
  const offset = offsets[topic]?.[partition] ?? earliest; // a partition without a position is read from its beginning
  return offset >= earliest && offset <= end;
}
