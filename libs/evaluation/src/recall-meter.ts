import { type Snapshot, type Stateful, tensorOf } from '@gatehouse/domain';

import { expectedHit } from './expected-hit';
import type { TargetRank } from './rank-of-target';

/** Events that were scored and their hits. */
export interface RecallCounts {
  readonly events: number;
  /** Expected hits; fractions come from ties. */
  readonly hits: number;
  /** `hits / events`; undefined without events. */
  readonly recall: number | undefined;
}

/** Running recall@k of events that are scored before they are learned. */
export interface RecallMeter extends Stateful {
  readonly k: number;
  /** Counts one event by the rank of its target in the full catalogue. */
  observe(rank: TargetRank): void;
  /** Counts since the last `closeWindow`. */
  readonly window: RecallCounts;
  /** Counts since the beginning. */
  readonly total: RecallCounts;
  /** Returns the counts of the window and starts the next one. */
  closeWindow(): RecallCounts;
}

/**
 * Creates a prequential recall@k meter. A hit that ties decide counts as its probability under random tie breaking
 * ({@link expectedHit}): equal scores for all items give the recall of a random order, not 0 or 1.
 *
 * @param name of the part in the checkpoint.
 * @throws RangeError when k is not a positive integer.
 * @example
 * const recall = createRecallMeter('evaluation.recall', 10);
 * recall.observe(rankOfTarget(scores, target, seen));
 * recall.total.recall;
 */
export function createRecallMeter(name: string, k: number): RecallMeter {
  if (!Number.isInteger(k) || k < 1) throw new RangeError(`${name}: k: expected a positive integer, found ${k}`);
  const sums = new Float64Array(4); // events and hits of the window, then of all time
  const counts = (at: number): RecallCounts => {
    const [events, hits] = sums.subarray(at, at + 2);
    return { events, hits, recall: events > 0 ? hits / events : undefined };
  };
  return {
    name,
    k,
    observe: (rank) => {
      const hit = expectedHit(rank, k);
      sums[0]++;
      sums[1] += hit;
      sums[2]++;
      sums[3] += hit;
    },
    get window() {
      return counts(0);
    },
    get total() {
      return counts(2);
    },
    closeWindow: () => {
      const closed = counts(0);
      sums.fill(0, 0, 2);
      return closed;
    },
    snapshot: (): Snapshot => ({
      tensors: { sums: { dtype: 'F64', shape: [4], data: sums } },
      metadata: { k },
    }),
    restore: (snapshot) => {
      const saved = JSON.stringify(snapshot.metadata);
      if (saved !== JSON.stringify({ k })) throw new RangeError(`${name}: expected {"k":${k}}, found ${saved}`);
      sums.set(tensorOf(name, snapshot, 'sums', 'F64', 4));
    },
  };
}
