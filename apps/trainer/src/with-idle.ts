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
  let isWaiting = false;
  try {
    for (;;) {
      const next = iterator.next();
      isWaiting = true;
      if (await isLate(next, idleMs, sleep)) yield idle;
      const result = await next;
      isWaiting = false;
      if (result.done) return;
      yield result.value;
    }
  } finally {
    const ended = Promise.resolve(iterator.return?.());
    // One that waits for its next value ends only after that: whoever leaves at idle, with an error perhaps, must not wait for it.
    if (isWaiting) ended.catch(() => undefined);
    else await ended;
  }
}

/** Whether `idleMs` pass before `next` settles. */
async function isLate(
  next: Promise<unknown>,
  idleMs: number,
  sleep: (ms: number, signal: AbortSignal) => Promise<void>,
): Promise<boolean> {
  const awake = new AbortController();
  const rest = sleep(idleMs, awake.signal).then(
    () => true,
    () => true,
  );
  try {
    return await Promise.race([next.then(() => false), rest]);
  } finally {
    awake.abort(); // ends the timer
  }
}
