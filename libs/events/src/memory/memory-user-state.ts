import type { Offsets, Snapshot, UserId } from '@gatehouse/domain';
import type { FollowerUserState, StatefulUserState, UserStateOptions } from '../ports';
import { UserEntry, userRecord } from '../user-state/user-entry';
import { restoreUsers, snapshotUsers, userStateName } from '../user-state/user-state-snapshot';

/**
 * User state in memory: the trainer's, and a test double for the retriever's.
 *
 * @example
 * const users = createUserState({ historyLimit: 50, seenLimit: 10_000, entersHistory, marksSeen });
 * users.apply(impressions, offsets);
 * users.get('42')?.history;
 */
export function createUserState(options: UserStateOptions): StatefulUserState & FollowerUserState {
  let users = new Map<UserId, UserEntry>();
  let current: Offsets = {};
  const restore = (snapshot: Snapshot, offsets?: Offsets): void => {
    const restored = restoreUsers(snapshot, options);
    users = new Map();
    for (const [user, userId] of restored.userIds.entries()) {
      users.set(userId, new UserEntry(options, restored.contentOf(user)));
    }
    current = offsets ?? restored.offsets;
  };
  return {
    name: userStateName,
    get(userId) {
      const entry = users.get(userId);
      return entry && userRecord(entry.content);
    },
    apply(impressions, offsets) {
      for (const impression of impressions) {
        let entry = users.get(impression.userId);
        if (!entry) users.set(impression.userId, (entry = new UserEntry(options)));
        entry.apply(impression);
      }
      current = offsets;
    },
    get offsets() {
      return current;
    },
    get userCount() {
      return users.size;
    },
    snapshot: () => snapshotUsers(users, current, options),
    restore: (snapshot) => restore(snapshot),
    async load(snapshot, offsets) {
      restore(snapshot, offsets);
    },
  };
}
