import type { CandidateInput, Features, Impression, QueryInput, UserId } from '@gatehouse/domain';
import type { UserState } from '@gatehouse/events';

import type { ShownItem } from './recent-shown';

/** One positive: what the user looked like just before it, and the item. */
export interface Example {
  readonly query: QueryInput;
  readonly candidate: CandidateInput;
  readonly weight: number;
  /** What the user was shown beside it and did not act on. */
  readonly shown: readonly ShownItem[];
  /** A teacher's score of the item; null where it is unknown. */
  readonly teacherScore: number | null;
}

/** What is known of a user beside the events, as of now. */
export type FeaturesOf = (userId: UserId) => Features;

/**
 * The query of an impression at its point in time: the user's state holds exactly the events before it, so the history never
 * contains the label nor anything later.
 */
export function queryOf(
  { userId, context, eventTimeMs }: Impression,
  userState: UserState,
  featuresOf: FeaturesOf,
): QueryInput {
  return {
    userId,
    features: featuresOf(userId),
    history: userState.get(userId)?.history ?? [],
    context: context ?? {},
    requestTimeMs: eventTimeMs,
  };
}
