import { compareIndexIds, type ItemIndexStore } from '@gatehouse/item-index';
import type { Clock, Logger } from '@gatehouse/runtime';

/** Complete predecessors that stay beside the serving index. */
const predecessorsKept = 2;

/** Drops indexes that nobody needs any more. */
export interface Retention {
  /** Notes that an index serves now, and drops what has had two successors for `retainMs`. */
  servable(indexId: string): Promise<void>;
}

/**
 * Keeps the serving index and its two predecessors, and everything else for `retainMs` after it first counted as superseded here.
 * A restart begins those waits anew: an index may stay longer, never shorter.
 */
export function createRetention(indexes: ItemIndexStore, retainMs: number, clock: Clock, logger: Logger): Retention {
  const supersededMs = new Map<string, number>();
  return {
    servable: async (serving) => {
      const older = (await indexes.list()).filter((id) => compareIndexIds(id, serving) < 0).sort(compareIndexIds);
      const nowMs = clock.monotonicMs();
      for (const indexId of older.slice(0, -predecessorsKept)) {
        const sinceMs = supersededMs.get(indexId) ?? nowMs;
        supersededMs.set(indexId, sinceMs);
        if (nowMs - sinceMs < retainMs) continue;
        await indexes.drop(indexId);
        supersededMs.delete(indexId);
        logger.info('index.dropped', { indexId });
      }
    },
  };
}
