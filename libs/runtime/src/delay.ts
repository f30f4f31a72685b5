/** Waits; {@link delay} or, in tests, that of a manual clock. */
export type Delay = (ms: number, signal?: AbortSignal) => Promise<void>;

/** Longest time of a timer in milliseconds; Node.js turns longer ones into 1 ms. */
const maxTimerMs = 2 ** 31 - 1;

/**
 * Resolves after `ms` milliseconds, or rejects with the signal's reason as soon as it aborts.
 *
 * @throws RangeError when `ms` is not in [0, 2^31).
 * @example await delay(250, shutdown.signal);
 */
export async function delay(ms: number, signal?: AbortSignal): Promise<void> {
  if (!(ms >= 0 && ms <= maxTimerMs)) throw new RangeError(`delay: expected 0 to ${maxTimerMs} ms, found ${ms}`);
  signal?.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
