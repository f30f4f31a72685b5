import type { UserStateOptions } from '@gatehouse/events';
import type { Schema } from '@gatehouse/schema';

/** Rules of user state as the schema states them. */
export function userStateOptions({ actions, userState }: Schema): UserStateOptions {
  return {
    historyLimit: userState.historyLimit,
    seenLimit: userState.seenLimit,
    entersHistory: (action) => (actions[action]?.weight ?? 0) > 0,
    marksSeen: (action) => actions[action]?.seen ?? false,
  };
}
