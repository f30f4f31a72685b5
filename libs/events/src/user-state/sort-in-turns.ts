import { breathe } from '../wait';

/** Length of the runs that are sorted at once: some milliseconds. */
const runLength = 8192;

/**
 * Positions of keys in the order of their code units, `[keys]`. A merge sort that lets other work of the process run every few
 * milliseconds, where sorting a million at once takes seconds.
 *
 * @example await sortInTurns(['b', 'a']); // [1, 0]
 */
export async function sortInTurns(keys: readonly string[]): Promise<Uint32Array> {
  const count = keys.length;
  let sorted = new Uint32Array(count).map((_, i) => i);
  for (let from = 0; from < count; from += runLength) {
    sorted.subarray(from, from + runLength).sort((a, b) => (keys[a] < keys[b] ? -1 : keys[a] > keys[b] ? 1 : 0));
    await breathe();
  }
  let merged = new Uint32Array(count);
  for (let width = runLength; width < count; width *= 2) {
    for (let from = 0; from < count; from += 2 * width) {
      const [middle, end] = [Math.min(from + width, count), Math.min(from + 2 * width, count)];
      let [left, right] = [from, middle];
      for (let i = from; i < end; i++) {
        const takesLeft = right === end || (left < middle && keys[sorted[left]] <= keys[sorted[right]]);
        merged[i] = takesLeft ? sorted[left++] : sorted[right++];
        if (i % runLength === 0) await breathe();
      }
    }
    [sorted, merged] = [merged, sorted];
  }
  return sorted;
}
