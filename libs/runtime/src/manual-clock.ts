import type { Clock } from './clock';

/** A clock for tests, which moves only when told. */
export interface ManualClock extends Clock {
  /** Moves both times on. */
  advance(ms: number): void;
  /** Sets the wall clock alone, as an administrator would. */
  setWall(nowMs: number): void;
  /** Stands in for `delay`: the time passes at once. */
  delay(ms: number, signal?: AbortSignal): Promise<void>;
}

/**
 * Creates a clock that stands still.
 *
 * @example
 * const clock = createManualClock(1_000);
 * clock.advance(5);
 * clock.nowMs(); // 1005
 */
export function createManualClock(startMs = 0): ManualClock {
  let wallMs = startMs;
  let monotonicMs = 0;
  const advance = (ms: number): void => {
    if (!(ms >= 0)) throw new RangeError(`manual clock: expected at least 0 ms, found ${ms}`);
    wallMs += ms;
    monotonicMs += ms;
  };
  return {
    nowMs: () => wallMs,
    monotonicMs: () => monotonicMs,
    advance,
    setWall: (nowMs) => {
      wallMs = nowMs;
    },
    delay: async (ms, signal) => {
      signal?.throwIfAborted();
      advance(ms);
    },
  };
}
