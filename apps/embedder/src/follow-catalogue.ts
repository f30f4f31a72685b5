import { FencedError } from '@gatehouse/artifacts';
import type { Item } from '@gatehouse/domain';
import { type Change, type ItemCatalogue, OffsetOutOfRangeError } from '@gatehouse/events';
import { type Delay, describeError, type Logger } from '@gatehouse/runtime';

import type { LiveIndex } from './live-index';

/** Pause before a failed read or write is tried again. */
const retryMs = 1000;

/** Keeps what changes while an index is being built. */
export interface Recording {
  /** What came since the last call, the newest change of each item. */
  take(): readonly Change<Item>[];
  end(): void;
}

/** Keeps the index in service current with the catalogue. */
export interface CatalogueFollower {
  /** The index that takes the changes. */
  readonly live: LiveIndex | undefined;
  /** Offset up to which changes were handed on. */
  readonly offset: number;
  /** Whether the catalogue was replaced by another, so that only a new build can be right. */
  readonly isLost: boolean;
  /** Keeps what changes from now on. Begin before the snapshot that an index is built from. */
  record(): Recording;
  /** Hands the changes over to another index, after those that were recorded for it. The one before is closed. */
  replace(live: LiveIndex, recording: Recording): Promise<void>;
  /**
   * Applies what changes until `signal` aborts. What fails is tried again.
   * @throws FencedError when another embedder leads.
   */
  follow(signal: AbortSignal): Promise<void>;
}

/** Collaborators of {@link createCatalogueFollower}. */
export interface CatalogueFollowing {
  readonly catalogue: ItemCatalogue;
  readonly delay: Delay;
  readonly logger: Logger;
}

/** Creates a follower without an index: it begins to read with the first one that it is given. */
export function createCatalogueFollower({ catalogue, delay, logger }: CatalogueFollowing): CatalogueFollower {
  let live: LiveIndex | undefined;
  let isLost = false;
  let next = 0;
  const recordings = new Set<Map<string, Change<Item>>>();
  let last: Promise<unknown> = Promise.resolve();
  /** One after the other: no change may pass between the last of a recording and the exchange of the index. */
  const inTurn = <T>(task: () => Promise<T>): Promise<T> => {
    const result = last.then(task);
    last = result.catch(() => undefined);
    return result;
  };
  let wake: () => void = () => undefined;
  const given = new Promise<void>((resolve) => (wake = resolve));

  const again = async (message: string, error: unknown, signal: AbortSignal): Promise<void> => {
    if (error instanceof FencedError) throw error;
    logger.error(message, { reason: describeError(error) });
    await delay(retryMs, signal).catch(() => undefined); // only an abort ends it early
  };

  const take = async (changes: readonly Change<Item>[], signal: AbortSignal): Promise<void> => {
    for (const recording of recordings) for (const change of changes) recording.set(change.key, change);
    while (!signal.aborted) {
      try {
        await live?.apply(changes);
        next = Math.max(next, ...changes.map(({ offset }) => offset + 1));
        return;
      } catch (error) {
        await again('catalogue.not-applied', error, signal);
      }
    }
  };

  return {
    get live() {
      return live;
    },
    get offset() {
      return next;
    },
    get isLost() {
      return isLost;
    },
    record: () => {
      const recording = new Map<string, Change<Item>>();
      recordings.add(recording);
      return {
        take: () => {
          const changes = [...recording.values()].sort((a, b) => a.offset - b.offset);
          recording.clear();
          return changes;
        },
        end: () => recordings.delete(recording),
      };
    },
    replace: (following, recording) =>
      inTurn(async () => {
        await following.apply(recording.take());
        recording.end();
        const before = live;
        if (!before || isLost) next = following.offset;
        [live, isLost] = [following, false];
        wake();
        await before?.index.close();
      }),
    follow: async (signal) => {
      await Promise.race([given, new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))]);
      while (!signal.aborted) {
        try {
          for await (const changes of catalogue.changes(next, signal)) await inTurn(() => take(changes, signal));
        } catch (error) {
          if (signal.aborted) return;
          if (error instanceof OffsetOutOfRangeError) isLost = true;
          await again('catalogue.stalled', error, signal);
        }
      }
    },
  };
}
