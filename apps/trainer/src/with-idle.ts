/** Stands in a stream for "nothing came for a while". */
export const idle = Symbol('idle');

/**
 * Passes values on, and says {@link idle} once whenever none came for `idleMs`, until the next one.
 *
 * @param sleep waits for a while; passed in so that tests need no clock.
 */
export async function* withIdle<T>(
  values: AsyncIterable<T>,
  idleMs: number,
  sleep: (ms: number, signal: AbortSignal) => Promise<void>,
): AsyncGenerator<T | typeof idle> {
  const iterator = values[Symbol.asyncIterator]();
  try {
    let next = iterator.next();
    for (;;) {
      const awake = new AbortController();
      const rest = sleep(idleMs, awake.signal).then(
        () => idle,
        () => idle,
      );
      const first = await Promise.race([next, rest]);
      awake.abort();
      if (first === idle) yield idle;
      const result = await next;
      if (result.done) return;
      yield result.value;
      next = iterator.next();
    }
  } finally {
    await iterator.return?.();
  }
}
