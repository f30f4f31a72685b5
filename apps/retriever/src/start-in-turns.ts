import { nextTurn } from './next-turn';

/**
 * Runs tasks side by side, and resolves when every one has ended: what they use may be closed after that.
 *
 * Each starts in a turn of the event loop of its own, because the first step of a task may be a search that holds up all other calls. One
 * whose turn comes after `signal` aborts does not start, and fails with the signal's reason.
 */
export function startInTurns<T>(
  tasks: readonly (() => Promise<T>)[],
  signal: AbortSignal,
): Promise<PromiseSettledResult<T>[]> {
  return Promise.allSettled(
    tasks.map(async (task, i) => {
      for (let turn = 0; turn < i; turn++) await nextTurn(signal);
      return task();
    }),
  );
}
