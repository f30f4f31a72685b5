import type { Clock } from '@gatehouse/runtime';

/** How many calls may be in work at a time, found out from how long their work takes. */
export interface ConcurrencyLimit {
  readonly current: number;
  /** Median work of a query when nothing waits behind it, in milliseconds; undefined before the first window. */
  readonly unloadedMs: number | undefined;
  /** Calls whose work ended in a second, when as many were in work as may; undefined before that was so. */
  readonly perSecond: number | undefined;
  /** Told of the end of a call's work: how long a query of it took, and how many calls were in work before it ended. */
  ended(queryMs: number, running: number): void;
}

/** Bounds of {@link createConcurrencyLimit}. */
export interface ConcurrencyBounds {
  readonly min: number;
  readonly initial: number;
  readonly max: number;
}

/** A window is judged when it is this long and has this many ends, or fewer when few come: medians of less say little. */
const windowMs = 250;
const windowEnds = 30;
const longWindowMs = 2_000;
const fewEnds = 8;
/** Ends that a window looks at: enough for a median. */
const mostEnds = 1_000;
/** Work may take this much longer than without a queue before the limit falls, and must take less than that for it to grow. */
const tooLong = 1.4;
const shortEnough = 1.15;
/** Largest step down of one window: one slow window is not yet a trend. */
const steepest = 0.8;
/** Weight of the newest window in what is remembered of those without a queue. */
const newest = 0.2;
/** How long calls may press against the limit before what work takes without a queue is looked at anew. */
const probeAfterMs = 2_500;

/**
 * Adapts a limit by what queues inside the engine do to the time that work takes, as TCP Vegas does for round trips (Brakmo and
 * Peterson 1995, section 3). While nobody presses against the limit it stays, and the median work of these times is remembered: a few long
 * batches do not move it. While calls press, it grows as long as their work takes less than 1.15 times that, and falls when it takes more
 * than 1.4 times. After 2.5 s of that the limit is halved for one window, whose median is the new yardstick; else an engine that is always full would seem slow by nature and
 * the limit would creep up, and one that became slower for good would seem full.
 *
 * @example
 * const limit = createConcurrencyLimit({ min: 4, initial: 16, max: 256 }, systemClock);
 * limit.ended(50, 8);
 */
export function createConcurrencyLimit(bounds: ConcurrencyBounds, clock: Pick<Clock, 'monotonicMs'>): ConcurrencyLimit {
  let limit = bounds.initial;
  let restored: number | undefined; // the limit before it was halved
  let unloadedMs: number | undefined;
  let perSecond: number | undefined;
  let beganMs = clock.monotonicMs();
  let queriesMs: number[] = [];
  let [ends, most] = [0, 0];
  let freeMs = beganMs; // when there was room last
  const within = (value: number): number => Math.min(bounds.max, Math.max(bounds.min, value));

  const judge = (nowMs: number): void => {
    queriesMs.sort((a, b) => a - b);
    const medianMs = queriesMs[queriesMs.length >> 1];
    const wasFull = most >= limit;
    if (wasFull) perSecond = (1000 * ends) / (nowMs - beganMs);
    else freeMs = nowMs;
    if (restored !== undefined) {
      unloadedMs = medianMs;
      limit = restored;
      restored = undefined;
      freeMs = nowMs;
    } else if (unloadedMs === undefined) unloadedMs = medianMs;
    else if (!wasFull) unloadedMs += newest * (medianMs - unloadedMs);
    else if (medianMs > tooLong * unloadedMs)
      limit = within(Math.floor(limit * Math.max((shortEnough * unloadedMs) / medianMs, steepest)));
    else if (medianMs < shortEnough * unloadedMs) limit = within(limit + Math.ceil(Math.sqrt(limit) / 2));
    if (nowMs - freeMs >= probeAfterMs && limit > bounds.min) {
      restored = limit;
      limit = within(Math.ceil(limit / 2));
    }
    beganMs = nowMs;
    queriesMs = [];
    [ends, most] = [0, 0];
  };

  return {
    get current() {
      return limit;
    },
    get unloadedMs() {
      return unloadedMs;
    },
    get perSecond() {
      return perSecond;
    },
    ended: (queryMs, running) => {
      if (queriesMs.length < mostEnds) queriesMs.push(queryMs);
      ends++;
      most = Math.max(most, running);
      const nowMs = clock.monotonicMs();
      const tookMs = nowMs - beganMs;
      if ((ends >= windowEnds && tookMs >= windowMs) || (ends >= fewEnds && tookMs >= longWindowMs)) judge(nowMs);
    },
  };
}
