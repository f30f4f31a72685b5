import type { CandidateInput, Impression, QueryInput } from '@gatehouse/domain';
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

/**
 * The query of an impression at its point in time: the user's state holds exactly the events before it, so the history never
 * contains the label nor anything later.
 */
export function queryOf({ userId, context, eventTimeMs }: Impression, userState: UserState): QueryInput {
  return {
    userId,
    features: {},
    history: userState.get(userId)?.history ?? [],
    context: context ?? {},
    requestTimeMs: eventTimeMs,
  };
}
