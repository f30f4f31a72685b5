import { type Clock, systemClock } from './clock';
import { type Delay, delay as realDelay } from './delay';

/** How {@link waitFor} polls. */
export interface WaitOptions {
  /** What is waited for, for the message of the timeout. */
  readonly what: string;
  readonly timeoutMs: number;
  /** Pause between two tries. */
  readonly everyMs: number;
  readonly signal?: AbortSignal;
  /** @default the system's */
  readonly clock?: Clock;
  /** @default real time */
  readonly delay?: Delay;
}

/** A condition did not come true in time. */
export class WaitTimeoutError extends Error {
  override readonly name = 'WaitTimeoutError';

  constructor(
    readonly what: string,
    readonly timeoutMs: number,
  ) {
    super(`waited ${timeoutMs} ms for ${what}`);
  }
}

/**
 * Polls until `condition` returns something truthy, and returns that. Tries at least once, and once more when the time is up.
 *
 * @throws WaitTimeoutError when the time is up, the signal's reason when it aborts, and whatever `condition` throws.
 * @example const version = await waitFor(() => store.servable(), { what: 'a servable version', timeoutMs: 60_000, everyMs: 250 });
 */
export async function waitFor<T>(
  condition: () => Promise<T> | T,
  { what, timeoutMs, everyMs, signal, clock = systemClock, delay = realDelay }: WaitOptions,
): Promise<Exclude<T, undefined | null | false | 0 | ''>> {
  const startMs = clock.monotonicMs();
  for (;;) {
    signal?.throwIfAborted();
    const found = await condition();
    if (found) return found as Exclude<T, undefined | null | false | 0 | ''>;
    const leftMs = timeoutMs - (clock.monotonicMs() - startMs);
    if (leftMs <= 0) throw new WaitTimeoutError(what, timeoutMs);
    await delay(Math.min(everyMs, leftMs), signal);
  }
}
