import type { Features, UserId } from '@gatehouse/domain';

import type { UserProfiles } from './ports';

/** The newest profile of every user, in memory. */
export interface ProfileTable {
  /** Of a user without a profile: none. */
  readonly featuresOf: (userId: UserId) => Features;
  readonly userCount: number;
  /** Replaces everything by what the topic holds now. */
  load(): Promise<void>;
  /**
   * Applies what changes after the last load, until `signal` aborts; then it ends. A profile is replaced whole.
   * @throws OffsetOutOfRangeError when the topic was replaced by another: load again.
   */
  follow(signal: AbortSignal): Promise<void>;
}

const none: Features = {};

/**
 * Creates an empty table of the profiles of a topic. Trainer and retriever read the same one, so a query has the same features in both.
 *
 * @example
 * const profiles = createProfileTable(log.users);
 * await profiles.load();
 * const following = profiles.follow(signal);
 * profiles.featuresOf('u1'); // { country: 'nz' }
 */
export function createProfileTable(topic: UserProfiles): ProfileTable {
  let features = new Map<UserId, Features>();
  let next = 0;
  return {
    featuresOf: (userId) => features.get(userId) ?? none,
    get userCount() {
      return features.size;
    },
    load: async () => {
      const { values, offset } = await topic.snapshot();
      features = new Map(values.map((profile) => [profile.userId, profile.features]));
      next = offset;
    },
    follow: async (signal) => {
      for await (const changes of topic.changes(next, signal)) {
        for (const { key, value, offset } of changes) {
          if (value === null) features.delete(key);
          else features.set(key, value.features);
          next = offset + 1;
        }
      }
    },
  };
}
