import { type Snapshot, type Stateful, tensorOf } from '@gatehouse/domain';

/** What became of the records so far. On every partition: offset span = applied + unweighted + dead-lettered + pending. */
export interface ProgressCounts {
  /** Positives learned. */
  readonly applied: number;
  /** Events of weight 0: they enter the user's state, not the loss. */
  readonly unweighted: number;
  readonly deadLettered: number;
  /** Batches with at least one positive. */
  readonly batches: number;
  /** Sum of the batches' losses. */
  readonly lossSum: number;
  /** Newest event time among the positives learned; 0 before the first. */
  readonly eventTimeMs: number;
}

/** Counts of the stream, as part of the checkpoint. */
export interface Progress extends Stateful {
  readonly counts: ProgressCounts;
  add(batch: {
    readonly applied: number;
    readonly unweighted: number;
    readonly deadLettered: number;
    /** Absent when the batch had no positive. */
    readonly loss?: number;
    readonly eventTimeMs: number;
  }): void;
}

/** Creates counters at zero. */
export function createProgress(): Progress {
  const name = 'progress';
  const values = new Float64Array(6);
  return {
    name,
    get counts() {
      const [applied, unweighted, deadLettered, batches, lossSum, eventTimeMs] = values;
      return { applied, unweighted, deadLettered, batches, lossSum, eventTimeMs };
    },
    add: ({ applied, unweighted, deadLettered, loss, eventTimeMs }) => {
      const batches = loss === undefined ? 0 : 1;
      [applied, unweighted, deadLettered, batches, loss ?? 0].forEach((value, i) => (values[i] += value));
      values[5] = Math.max(values[5], eventTimeMs);
    },
    snapshot: (): Snapshot => ({
      tensors: { counts: { dtype: 'F64', shape: [6], data: values.slice() } },
      metadata: null,
    }),
    restore: (snapshot) => values.set(tensorOf(name, snapshot, 'counts', 'F64', 6)),
  };
}
