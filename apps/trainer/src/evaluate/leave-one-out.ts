import type { Impression, UserId } from '@gatehouse/domain';

/** A stream cut into what is learned and the last event of each user. */
export interface LeaveOneOut {
  readonly train: readonly Impression[];
  /** One per user with at least two events. */
  readonly heldOut: readonly Impression[];
}

/**
 * Holds out the last event of each user; a user with one event keeps it for training.
 *
 * @param impressions positives in order of time.
 * @example leaveOneOut(impressions).heldOut.length; // users with two or more events
 */
export function leaveOneOut(impressions: readonly Impression[]): LeaveOneOut {
  const last = new Map<UserId, Impression>();
  const events = new Map<UserId, number>();
  for (const impression of impressions) {
    last.set(impression.userId, impression);
    events.set(impression.userId, (events.get(impression.userId) ?? 0) + 1);
  }
  const heldOut = new Set([...last.values()].filter(({ userId }) => (events.get(userId) ?? 0) > 1));
  return { train: impressions.filter((impression) => !heldOut.has(impression)), heldOut: [...heldOut] };
}
