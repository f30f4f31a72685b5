import { hashId, hashIds, type HistoryEntry, type Impression, type Keys } from '@gatehouse/domain';
import type { UserRecord, UserStateOptions } from '../ports';
import { keyLookup } from './key-lookup';
import { SeenItems } from './seen-items';

/** What is stored of one user. */
export interface UserContent {
  readonly history: readonly HistoryEntry[];
  readonly seenKeys: Keys;
  readonly lastEventTimeMs: number;
}

const scratch: Keys = new Uint32Array(2);

/** The state of one user, moved on by events. */
export class UserEntry {
  /** Replaced, never changed: records handed out stay as they were. */
  private history: readonly HistoryEntry[];
  private readonly seen: SeenItems;
  private lastEventTimeMs: number;

  constructor(
    private readonly options: UserStateOptions,
    content: UserContent = { history: [], seenKeys: new Uint32Array(0), lastEventTimeMs: 0 },
  ) {
    this.history = content.history;
    this.seen = new SeenItems(options.seenLimit, content.seenKeys);
    this.lastEventTimeMs = content.lastEventTimeMs;
  }

  /** State at this instant, to store. */
  get content(): UserContent {
    return { history: this.history, seenKeys: this.seen.keys, lastEventTimeMs: this.lastEventTimeMs };
  }

  apply({ itemId, eventTimeMs, action }: Impression): void {
    const { historyLimit, entersHistory, marksSeen } = this.options;
    // A duplicate that nobody took out before, as in the log that a retriever follows, changes nothing.
    const isThere = this.history.some((entry) => entry.itemId === itemId && entry.eventTimeMs === eventTimeMs);
    if (entersHistory(action) && historyLimit > 0 && !isThere) {
      const kept = this.history.slice(Math.max(0, this.history.length + 1 - historyLimit));
      this.history = [...kept, { itemId, eventTimeMs }];
    }
    if (marksSeen(action)) {
      hashId(itemId, scratch, 0);
      this.seen.add(scratch[0], scratch[1]);
    }
    this.lastEventTimeMs = Math.max(this.lastEventTimeMs, eventTimeMs);
  }
}

/** Lets readers look at a user's content. */
export function userRecord(content: UserContent): UserRecord {
  let isSeen: ((low: number, high: number) => boolean) | undefined;
  return {
    ...content,
    hasSeen(itemId) {
      isSeen ??= keyLookup(content.seenKeys);
      const key = hashIds([itemId]);
      return isSeen(key[0], key[1]);
    },
  };
}
