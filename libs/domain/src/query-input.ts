import type { Context, Features } from './features';
import type { ItemId, UserId } from './ids';

/** One earlier event of a user, as the query tower sees it. */
export interface HistoryEntry {
  readonly itemId: ItemId;
  readonly eventTimeMs: number;
}

/**
 * Everything that the query tower may see of one query, at one point in time.
 * Training, evaluation, canaries and serving all build this value; only `libs/towers` turns it into arrays.
 */
export interface QueryInput {
  /** Absent for an anonymous query. */
  readonly userId?: UserId;
  readonly features: Features;
  /** Oldest first. Never contains the event that is to be predicted, nor anything later. */
  readonly history: readonly HistoryEntry[];
  readonly context: Context;
  readonly requestTimeMs: number;
}
