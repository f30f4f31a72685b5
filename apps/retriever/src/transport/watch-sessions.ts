import type { Clock } from '@gatehouse/runtime';

import type { WatchedSession } from './watch-session';

/** Between looks at all sessions. */
const everyMs = 100;
/** Between looks at young ones: floods mostly begin at once, and each millisecond of one is a fifth of a millisecond of work. */
const youngEveryMs = 10;
/** From then on a session is no longer young. */
const youngMs = 1_000;

/** Sessions that are looked at again and again. */
export interface WatchedSessions {
  add(session: WatchedSession): void;
  delete(session: WatchedSession): void;
  stop(): void;
}

/** Begins to look. */
export function watchSessions(clock: Clock): WatchedSessions {
  const sessions = new Set<WatchedSession>();
  /** Oldest first. */
  const young = new Set<WatchedSession>();
  const lookAtYoung = (): void => {
    const grownUpMs = clock.monotonicMs() - youngMs;
    for (const session of young) {
      if (session.beganMs < grownUpMs) young.delete(session);
      else session.inspect();
    }
  };
  const looking = setInterval(() => {
    for (const session of sessions) session.inspect();
  }, everyMs);
  const lookingAtYoung = setInterval(lookAtYoung, youngEveryMs);
  looking.unref();
  lookingAtYoung.unref();
  return {
    add: (session) => {
      sessions.add(session);
      young.add(session);
    },
    delete: (session) => {
      sessions.delete(session);
      young.delete(session);
    },
    stop: () => {
      clearInterval(looking);
      clearInterval(lookingAtYoung);
    },
  };
}
