import { type Impression, type ItemId, type Snapshot, type Stateful, tensorOf, type UserId } from '@gatehouse/domain';

/** An item that was shown to a user and not acted on. */
export interface ShownItem {
  readonly itemId: ItemId;
  readonly requestId: string | null;
  /** A teacher's score; null where it is unknown. */
  readonly teacherScore: number | null;
}

/** What users were shown and did not act on: the hard negatives of their next positive. */
export interface RecentShown extends Stateful {
  /** Takes in an event. One of weight 0 was shown; any other takes its item off the list, for it was acted on. */
  observe(impression: Impression, weight: number): void;
  /** Newest items that stand against a positive: those of its request where it names one, else all of the user's. */
  against(positive: Impression): readonly ShownItem[];
}

/** Bounds of {@link createRecentShown}. */
export interface RecentShownOptions {
  /** Hard negatives per positive, at most. */
  readonly perPositive: number;
  /** Users at most; the longest silent is forgotten. */
  readonly users: number;
  /** Where an impression's context carries a teacher's score; undefined: nowhere. */
  readonly teacher: string | undefined;
}

/** Items remembered per user, per hard negative that a positive may have: a later one of the same page finds them too. */
const shownPerNegative = 4;

/**
 * Remembers what users were shown, within bounds: `users * 4 * perPositive` items. Purely a matter of the order of events, so that a
 * replay sees the same. An item that is acted on later was a hard negative before: that is known only by waiting.
 */
export function createRecentShown(name: string, { perPositive, users, teacher }: RecentShownOptions): RecentShown {
  const limit = shownPerNegative * perPositive;
  let shown = new Map<UserId, ShownItem[]>(); // in order of the last event

  return {
    name,
    observe: (impression, weight) => {
      const { userId, itemId, requestId = null } = impression;
      const rest = (shown.get(userId) ?? []).filter((item) => item.itemId !== itemId);
      shown.delete(userId);
      const items = weight > 0 ? rest : [...rest, { itemId, requestId, teacherScore: scoreOf(impression, teacher) }];
      if (items.length > 0) shown.set(userId, items.slice(-limit));
      if (shown.size > users) shown.delete(shown.keys().next().value as UserId);
    },
    against: ({ userId, itemId, requestId }) =>
      (shown.get(userId) ?? [])
        .filter((item) => item.itemId !== itemId && (requestId === undefined || item.requestId === requestId))
        .slice(-perPositive)
        .toReversed(),
    snapshot: (): Snapshot => {
      const data = new TextEncoder().encode(JSON.stringify([...shown]));
      return { tensors: { users: { dtype: 'U8', shape: [data.length], data } }, metadata: null };
    },
    restore: (snapshot) => {
      const text = new TextDecoder().decode(tensorOf(name, snapshot, 'users', 'U8').slice());
      shown = new Map(JSON.parse(text) as [UserId, ShownItem[]][]);
    },
  };
}

/** The score in the context of an impression, or null; `teacher` is `context.<name>`. */
export function scoreOf({ context }: Impression, teacher: string | undefined): number | null {
  const score = teacher === undefined ? undefined : context?.[teacher.slice('context.'.length)];
  return typeof score === 'number' && Number.isFinite(score) ? score : null;
}
