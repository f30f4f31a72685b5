import type { Manifest } from '@gatehouse/artifacts';
import type { ModelVersionId } from '@gatehouse/domain';

/** Decides which versions of one leadership are saved whole, and which as what changed since the version before. */
export interface DeltaPolicy {
  /** Version that the next one is a delta of; null: it is saved whole. */
  readonly base: ModelVersionId | null;
  /** Told of every version that was saved. */
  saved(manifest: Manifest): void;
}

/**
 * A delta follows a delta until there are `maxDeltas`, or until they take together as many bytes as the full version below them.
 * So who loads a version reads at most about three times what it holds, and a state that changes as a whole is saved as a whole.
 *
 * @example
 * const policy = createDeltaPolicy(8);
 * policy.base; // null: the first version of a leadership is full
 */
export function createDeltaPolicy(maxDeltas: number): DeltaPolicy {
  let newest: ModelVersionId | null = null;
  let deltas = 0;
  let [fullBytes, deltaBytes] = [0, 0];
  return {
    get base() {
      return deltas < maxDeltas && deltaBytes < fullBytes ? newest : null;
    },
    saved: ({ id, kind, files }) => {
      const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
      newest = id;
      if (kind === 'full') [deltas, fullBytes, deltaBytes] = [0, bytes, 0];
      else [deltas, deltaBytes] = [deltas + 1, deltaBytes + bytes];
    },
  };
}
