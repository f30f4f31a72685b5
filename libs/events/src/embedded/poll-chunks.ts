import { breathe, wait } from '../wait';

/** lmdb cannot wake another process, so readers look again: soon after work, then ever later up to a bound. */
const minWaitMs = 1;
const maxWaitMs = 25;

/** Yields chunks of the partitions in turn as they come, and ends when `signal` aborts. An empty chunk means: nothing new. */
export async function* pollChunks<T>(
  partitions: readonly number[],
  nextChunk: (partition: number) => readonly T[],
  signal: AbortSignal,
): AsyncGenerator<readonly T[]> {
  let waitMs = minWaitMs;
  while (!signal.aborted) {
    let found = false;
    for (const partition of partitions) {
      const chunk = nextChunk(partition);
      if (chunk.length === 0) continue;
      found = true;
      yield chunk;
      await breathe();
      if (signal.aborted) return;
    }
    if (found) {
      waitMs = minWaitMs;
      continue;
    }
    await wait(waitMs, signal);
    waitMs = Math.min(waitMs * 2, maxWaitMs);
  }
}
