import { actionOf, type Schema } from '@gatehouse/schema';

import type { UserStateOptions } from './ports';

/** Rules of user state as a schema states them: the same for the trainer and for whoever follows the log beside it. */
export function userStateOptions(schema: Schema): UserStateOptions {
  return {
    historyLimit: schema.userState.historyLimit,
    seenLimit: schema.userState.seenLimit,
    entersHistory: (action) => (actionOf(schema, action)?.weight ?? 0) > 0,
    marksSeen: (action) => actionOf(schema, action)?.seen ?? false,
  };
}
