import type { Item, ItemId } from '@gatehouse/domain';
import { type Change, type ItemCatalogue, OffsetOutOfRangeError } from '@gatehouse/events';
import { type Delay, describeError, type Logger, waitFor } from '@gatehouse/runtime';

import { nextTurn } from './next-turn';

/** Takes what changes in the catalogue. */
export interface ItemListener {
  /** An item is there, or has changed. It may not be available. */
  put(item: Item): void;
  /** An item is gone; it may never have been there. */
  remove(itemId: ItemId): void;
  /** Everything is gone: the catalogue is told from its beginning. */
  clear(): void;
}

/** Collaborators of {@link createItemFollower}. */
export interface ItemFollowing {
  readonly items: ItemCatalogue;
  readonly listeners: readonly ItemListener[];
  readonly delay: Delay;
  readonly logger: Logger;
}

/** Tells the catalogue to those who listen. */
export interface ItemFollower {
  /** Tells everything in the order in which it changed last, and then what changes, until `signal` aborts. Never rejects. */
  follow(signal: AbortSignal): Promise<void>;
  /** Resolves when what stood in the catalogue at the start was told, or after 30 seconds: late is better than never. Never rejects. */
  caughtUp(signal: AbortSignal): Promise<void>;
}

/** Pause before a failed read is tried again. */
const retryMs = 1000;
/** Longest that the first answers wait for the catalogue. */
const catchUpMs = 30_000;
/** Changes told in one turn of the event loop: calls come in between. */
const changesAtOnce = 100;

/** Creates the follower of one catalogue; every source that needs it listens to the same one. */
export function createItemFollower({ items, listeners, delay, logger }: ItemFollowing): ItemFollower {
  let next: number | undefined;
  /** Where the catalogue ended when it was begun. */
  let end = Infinity;

  const begin = async (): Promise<number> => {
    // A snapshot alone would not do: it tells no order, and what is new is what came last.
    end = (await items.snapshot()).offset;
    for (const listener of listeners) listener.clear();
    return 0;
  };

  const tell = ({ key, value }: Change<Item>): void => {
    for (const listener of listeners) {
      if (value) listener.put(value);
      else listener.remove(key);
    }
  };

  return {
    follow: async (signal) => {
      while (!signal.aborted) {
        try {
          next ??= await begin();
          for await (const changes of items.changes(next, signal)) {
            for (const [i, change] of changes.entries()) {
              if (i > 0 && i % changesAtOnce === 0) await nextTurn(signal);
              tell(change);
              next = change.offset + 1;
            }
          }
        } catch (error) {
          if (signal.aborted) return;
          logger.error('catalogue.stalled', { reason: describeError(error) });
          if (error instanceof OffsetOutOfRangeError) next = undefined; // it was replaced by another
          await delay(retryMs, signal).catch(() => undefined); // only an abort ends it early
        }
      }
    },
    caughtUp: async (signal) => {
      const isThere = (): boolean => next !== undefined && next >= end;
      try {
        await waitFor(isThere, { what: 'the catalogue', timeoutMs: catchUpMs, everyMs: 5, signal, delay });
        logger.info('catalogue.loaded', { offset: next });
      } catch (error) {
        if (!signal.aborted) logger.warn('catalogue.late', { reason: describeError(error) });
      }
    },
  };
}
