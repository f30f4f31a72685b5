import type {
  HistoryEntry,
  Impression,
  Item,
  ItemId,
  Offsets,
  Snapshot,
  Stateful,
  UserId,
  UserProfile,
} from '@gatehouse/domain';

/** Where a record stood in the log. */
export interface Position {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** Why a record was not applied. */
export interface Rejection {
  /** Stable word for counting, such as `malformed-json` or `invalid-field`. */
  readonly code: string;
  /** Sentence with field, expected and found. */
  readonly reason: string;
}

/** One record as read: decoded, or rejected with its raw bytes for the dead-letter topic. */
export type ImpressionRecord =
  | (Position & { readonly impression: Impression })
  | (Position & { readonly rejection: Rejection; readonly value: Uint8Array });

/** Reads impressions from given positions on. */
export interface ImpressionSource {
  /**
   * Yields records in offset order of each partition, in chunks as they come, and waits at the end of the log until `signal` aborts.
   * Then it ends. Partitions that `start` does not name are read from their beginning.
   * @throws OffsetOutOfRangeError when a position is older than the retained log, or past its end.
   */
  read(start: Offsets, signal: AbortSignal): AsyncIterable<readonly ImpressionRecord[]>;
  /** First offset that is held, per partition: how near retention is to a reader. */
  readonly earliestOffsets: () => Promise<Offsets>;
  /** Next offset that will be written, per partition: how far a reader is behind. */
  readonly endOffsets: () => Promise<Offsets>;
}

/** Appends impressions. */
export interface ImpressionSink {
  /**
   * Resolves when all are durable, in order. After a failure a first part of them may be in the log;
   * appending again can repeat those.
   */
  append(impressions: readonly Impression[]): Promise<void>;
}

/** A record that could not be applied, and why. */
export interface RejectedRecord extends Position {
  readonly rejection: Rejection;
  readonly value: Uint8Array;
}

/** Keeps what could not be applied. */
export interface DeadLetterSink {
  /** Resolves when all are durable; only then may the reader's position move past them. A position that is kept already is not kept twice. */
  reject(records: readonly RejectedRecord[]): Promise<void>;
}

/** Chooses the one trainer that learns. */
export interface Election {
  /**
   * Waits until this process is chosen.
   * @throws the reason of `signal` when that aborts first; what keeps this process from being chosen ever.
   */
  elected(signal: AbortSignal): Promise<Term>;
}

/** A stretch of time in which this process leads. The artefact store's epochs guard what it writes, whatever is said here. */
export interface Term {
  /** Whether others are waiting to be chosen, or may come to. */
  readonly isElected: boolean;
  /** Aborts with a LeadershipLostError when another may lead. */
  readonly lost: AbortSignal;
  /** Where the leader reads. */
  readonly source: ImpressionSource;
  /** Tells in which epoch the leader writes: it is preferred to others while it holds the greatest. */
  holds(epoch: number): void;
  /** Says that the store has let another writer in: before this process leads again, the trainers must have chosen anew. */
  forfeit(): void;
  /** Leaves a copy of the saved offsets where tools look for lags. Never fails: the checkpoint is what counts. */
  readonly saved: (offsets: Offsets) => void;
}

/** All that passes between the apps as events. */
export interface EventLog {
  readonly source: ImpressionSource;
  readonly sink: ImpressionSink;
  readonly deadLetters: DeadLetterSink;
  readonly items: ItemCatalogue;
  readonly users: UserProfiles;
  readonly election: Election;
  /** Whether the log answered lately. */
  readonly isReachable: () => boolean;
  close(): Promise<void>;
}

/** A change in a compacted topic: a value, or null when it is gone. */
export interface Change<V> {
  readonly key: string;
  readonly value: V | null;
  readonly offset: number;
}

/** A compacted topic: the newest value of every key. */
export interface CompactedTopic<V> {
  /** All values at one instant, with the offset from which changes continue. Ordered by the UTF-8 bytes of the key. */
  snapshot(): Promise<{ readonly values: readonly V[]; readonly offset: number }>;
  /**
   * Changes from `offset` on, waiting for more until `signal` aborts; then it ends. Values that were overwritten meanwhile may be left out.
   * @throws OffsetOutOfRangeError when `offset` is past the end: the topic was replaced by another.
   */
  changes(offset: number, signal: AbortSignal): AsyncIterable<readonly Change<V>[]>;
  /** Writes values under their keys. Resolves when durable. @throws RangeError for a key that is no id, and above 64 KiB. */
  put(values: readonly V[]): Promise<void>;
  /** Takes keys out. Resolves when durable. */
  remove(keys: readonly string[]): Promise<void>;
}

/** The catalogue, by item id. */
export type ItemCatalogue = CompactedTopic<Item>;

/** What is known of users beside their events, by user id. */
export type UserProfiles = CompactedTopic<UserProfile>;

/** What is known of one user at one instant. Later events do not change it. */
export interface UserRecord {
  /** Last events of weight > 0, in the order applied, at most `historyLimit`. */
  readonly history: readonly HistoryEntry[];
  /** Whether the user has seen an item, by the actions that count as seen. */
  hasSeen(itemId: ItemId): boolean;
  /** Seen items in the order first seen, at most `seenLimit`. Keys are 64-bit hashes, `[count * 2]`. */
  readonly seenKeys: Uint32Array;
  /** Greatest event time applied. */
  readonly lastEventTimeMs: number;
}

/** Per-user state, built from the stream. */
export interface UserState {
  /** Undefined for a user without events. Point in time: reflects exactly the events applied so far. */
  get(userId: UserId): UserRecord | undefined;
  /** Applies impressions in order, and replaces `offsets` with the given ones in the same atomic step. */
  apply(impressions: readonly Impression[], offsets: Offsets): Promise<void> | void;
  /** Positions up to which it reflects the log. */
  readonly offsets: Offsets;
  readonly userCount: number;
}

/** User state that lives in the trainer's checkpoint. */
export interface StatefulUserState extends UserState, Stateful {
  apply(impressions: readonly Impression[], offsets: Offsets): void;
}

/** User state that starts from a trainer's snapshot and follows the log from there. */
export interface FollowerUserState extends UserState {
  /** Replaces the whole content by that of a {@link StatefulUserState}, in one atomic step. */
  load(snapshot: Snapshot, offsets: Offsets): Promise<void>;
}

/** Limits and rules of user state. */
export interface UserStateOptions {
  /** Events kept for the query tower. */
  readonly historyLimit: number;
  /** Items remembered as seen; the oldest are forgotten first. */
  readonly seenLimit: number;
  /** Whether an action enters the history. */
  readonly entersHistory: (action: string) => boolean;
  /** Whether an action marks the item as seen. */
  readonly marksSeen: (action: string) => boolean;
}
