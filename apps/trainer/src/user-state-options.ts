import type { UserStateOptions } from '@gatehouse/events';
import { actionOf, type Schema } from '@gatehouse/schema';

/** Rules of user state as the schema states them. */
export function userStateOptions(schema: Schema): UserStateOptions {
  return {
    historyLimit: schema.userState.historyLimit,
    seenLimit: schema.userState.seenLimit,
    entersHistory: (action) => (actionOf(schema, action)?.weight ?? 0) > 0,
    marksSeen: (action) => actionOf(schema, action)?.seen ?? false,
  };
}
