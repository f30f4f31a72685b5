import type { Logger } from '@gatehouse/runtime';

/** Between two lines: hostile peers must not fill the log. */
const everyMs = 10_000;

/** Counts why connections ended. */
export interface EndTally {
  count(why: string): void;
  /** Tells what was not told yet, and stops. */
  stop(): void;
}

/** Creates a tally that tells the log its counts since the last line, when there are any. */
export function tallyEnds(logger: Logger): EndTally {
  let counts: Record<string, number> = {};
  const tell = (): void => {
    if (Object.keys(counts).length > 0) logger.warn('connections.refused', counts);
    counts = {};
  };
  const telling = setInterval(tell, everyMs);
  telling.unref();
  return {
    count: (why) => {
      counts[why] = (counts[why] ?? 0) + 1;
    },
    stop: () => {
      clearInterval(telling);
      tell();
    },
  };
}
