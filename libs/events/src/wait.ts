import { setImmediate, setTimeout } from 'node:timers/promises';

/** Waits, or returns at once when `signal` aborts. */
export async function wait(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await setTimeout(ms, undefined, { signal });
  } catch {
    // Aborted: the caller looks at the signal.
  }
}

/** Lets other work of the process run: a reader in full swing must not starve timers and sockets. */
export async function breathe(): Promise<void> {
  await setImmediate();
}
