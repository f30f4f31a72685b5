/** Tells the time. Durations are differences of `monotonicMs`; what is stored or sent is `nowMs`. */
export interface Clock {
  /** Milliseconds since 1970. Jumps when the host's clock is set. */
  nowMs(): number;
  /** Milliseconds since some fixed moment of this process. Never goes back. */
  monotonicMs(): number;
}

/** The clock of the host. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};
