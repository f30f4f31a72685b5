import { OffsetOutOfRangeError, type ProfileTable } from '@gatehouse/events';
import { type Delay, describeError, type Logger } from '@gatehouse/runtime';

/** Collaborators of {@link createProfileFollower}. */
export interface ProfileFollowing {
  readonly profiles: ProfileTable;
  readonly delay: Delay;
  readonly logger: Logger;
}

/** Keeps the users' profiles current. */
export interface ProfileFollower {
  /** Reads them all. Never rejects: {@link follow} tries again. */
  load(): Promise<void>;
  /** Applies changes until `signal` aborts. After a failure it tries again, from the start where nothing was read yet. Never rejects. */
  follow(signal: AbortSignal): Promise<void>;
}

/** Pause before a failed read is tried again. */
const retryMs = 1000;

/** Creates the follower of one table. Until it is loaded, users have the features of their requests alone. */
export function createProfileFollower({ profiles, delay, logger }: ProfileFollowing): ProfileFollower {
  let isLoaded = false;
  const loadOrThrow = async (): Promise<void> => {
    isLoaded = false;
    await profiles.load();
    isLoaded = true;
    logger.info('profiles.loaded', { users: profiles.userCount });
  };
  const warnOf = (error: unknown): void => logger.error('profiles.stalled', { reason: describeError(error) });

  return {
    load: () => loadOrThrow().catch(warnOf),
    follow: async (signal) => {
      while (!signal.aborted) {
        try {
          if (!isLoaded) await loadOrThrow();
          await profiles.follow(signal);
        } catch (error) {
          if (signal.aborted) return;
          warnOf(error);
          if (error instanceof OffsetOutOfRangeError) isLoaded = false;
          await delay(retryMs, signal).catch(() => undefined); // only an abort ends it early
        }
      }
    },
  };
}
