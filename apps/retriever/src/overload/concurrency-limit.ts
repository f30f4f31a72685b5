import type { Clock } from '@gatehouse/runtime';

/** How many calls may be in work at a time, found out from how long their work takes. */
export interface ConcurrencyLimit {
  readonly current: number;
  /** Mean work of a call when nothing waits behind it, in milliseconds; undefined before the first window. */
  readonly unloadedMs: number | undefined;
  /** Ends of work a second in the last window; undefined before it. */
  readonly perSecond: number | undefined;
  /** Told of the end of a call's work, and of how many were in work before it ended. */
  ended(workMs: number, running: number): void;
}

/** Bounds of {@link createConcurrencyLimit}. */
export interface ConcurrencyBounds {
  readonly min: number;
  readonly initial: number;
  readonly max: number;
}

/** A window is judged when it is this long and has this many ends: means of fewer say little. */
const windowMs = 100;
const windowEnds = 10;
/** How long the quickest window counts as work without waiting; after that the engine may have become slower for good. */
const rememberMs = 5_000;
/** Calls that may wait behind the engine: below, more are let in; above, fewer. A few keep it busy between two ends. */
const fewWaiting = 1;
const manyWaiting = 3;
/** Largest step down of one window: one slow window is not yet a trend. */
const steepest = 0.8;

interface Window {
  readonly atMs: number;
  readonly meanMs: number;
}

/**
 * Adapts a limit as TCP Vegas does (Brakmo and Peterson 1995, section 3): of `limit` calls in work, about
 * `limit (1 - unloaded / mean)` wait inside the engine, where `mean` is the work of a window and `unloaded` that of the quickest window
 * of the last 5 s. Where calls have pressed against the limit all that time, it is halved for one window, so that `unloaded` is seen
 * anew; else an engine that is always full would seem to be slow by nature, and the limit would creep up.
 *
 * @example
 * const limit = createConcurrencyLimit({ min: 1, initial: 16, max: 256 }, systemClock);
 * limit.ended(50, 8);
 */
export function createConcurrencyLimit(bounds: ConcurrencyBounds, clock: Pick<Clock, 'monotonicMs'>): ConcurrencyLimit {
  let limit = bounds.initial;
  let restored: number | undefined; // the limit before it was halved
  let windows: Window[] = [];
  let beganMs = clock.monotonicMs();
  let [sumMs, ends, most] = [0, 0, 0];
  let freeMs = beganMs; // when there was room last
  let perSecond: number | undefined;

  const quickest = (): number => Math.min(...windows.map(({ meanMs }) => meanMs));
  const within = (value: number): number => Math.min(bounds.max, Math.max(bounds.min, value));

  const judge = (nowMs: number): void => {
    const meanMs = sumMs / ends;
    const wasFull = most >= limit;
    perSecond = (1000 * ends) / (nowMs - beganMs);
    windows = [...windows.filter(({ atMs }) => nowMs - atMs < rememberMs), { atMs: nowMs, meanMs }];
    if (!wasFull) freeMs = nowMs;
    if (restored !== undefined) {
      limit = restored;
      restored = undefined;
      freeMs = nowMs;
    } else {
      const share = quickest() / meanMs;
      const waiting = limit * (1 - share);
      if (waiting > manyWaiting) limit = within(Math.floor(limit * Math.max(share, steepest)));
      else if (wasFull && waiting < fewWaiting) limit = within(limit + Math.ceil(Math.sqrt(limit) / 2));
      if (nowMs - freeMs >= rememberMs / 2 && limit > bounds.min) {
        restored = limit;
        limit = within(Math.ceil(limit / 2));
      }
    }
    beganMs = nowMs;
    [sumMs, ends, most] = [0, 0, 0];
  };

  return {
    get current() {
      return limit;
    },
    get unloadedMs() {
      return windows.length === 0 ? undefined : quickest();
    },
    get perSecond() {
      return perSecond;
    },
    ended: (workMs, running) => {
      sumMs += workMs;
      ends++;
      most = Math.max(most, running);
      const nowMs = clock.monotonicMs();
      if (ends >= windowEnds && nowMs - beganMs >= windowMs) judge(nowMs);
    },
  };
}
