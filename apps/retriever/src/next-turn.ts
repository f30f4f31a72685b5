import { setImmediate } from 'node:timers/promises';

/**
 * Lets other calls, timers and messages in between two steps of work that may be synchronous.
 *
 * @throws the reason of `signal` when it is aborted by then.
 */
export async function nextTurn(signal: AbortSignal): Promise<void> {
  await setImmediate();
  signal.throwIfAborted();
}
