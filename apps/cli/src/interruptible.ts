import { exitCode, type Shutdown } from '@gatehouse/runtime';

/**
 * Runs the work of a command, which a shutdown may interrupt: once `signal` aborts, it has to end soon, with all that it started.
 *
 * @returns the work's exit code, or that of a failure when it was cut off.
 * @throws what the work throws by itself.
 */
export async function interruptible(
  shutdown: Pick<Shutdown, 'signal' | 'onStop'>,
  print: (text: string) => void,
  work: (signal: AbortSignal) => Promise<number>,
): Promise<number> {
  const working = work(shutdown.signal);
  shutdown.onStop('work', () => working.catch(() => undefined));
  try {
    return await working;
  } catch (error) {
    if (!shutdown.signal.aborted) throw error;
    print('Interrupted; everything is stopped.');
    return exitCode.failure;
  }
}

/** Resolves when a signal aborts. */
export function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
