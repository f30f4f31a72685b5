import { type Snapshot, type Stateful, tensorOf } from '@gatehouse/domain';

/** What became of the records so far. On every partition: offset span = applied + skipped + unweighted + dead-lettered + pending. */
export interface ProgressCounts {
  /** Positives learned. */
  readonly applied: number;
  /** Positives of batches that were given up, because their loss or gradient was not finite. */
  readonly skipped: number;
  /** Events of weight 0: they enter the user's state, not the loss. */
  readonly unweighted: number;
  readonly deadLettered: number;
  /** Batches with at least one positive whose updates were all made. */
  readonly batches: number;
  /** Batches that were given up, and how many of them in a row just now. */
  readonly refused: number;
  readonly refusedInRow: number;
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
    readonly skipped: number;
    readonly unweighted: number;
    readonly deadLettered: number;
    /** Absent when the batch had no positive, or was given up. */
    readonly loss?: number;
    readonly refused: boolean;
    readonly eventTimeMs: number;
  }): void;
}

/** Creates counters at zero. */
export function createProgress(): Progress {
  const name = 'progress';
  const values = new Float64Array(9);
  return {
    name,
    get counts() {
      const [applied, skipped, unweighted, deadLettered, batches, lossSum, refused, refusedInRow, eventTimeMs] = values;
      return { applied, skipped, unweighted, deadLettered, batches, lossSum, refused, refusedInRow, eventTimeMs };
    },
    add: ({ applied, skipped, unweighted, deadLettered, loss, refused, eventTimeMs }) => {
      const sums = [applied, skipped, unweighted, deadLettered, loss === undefined ? 0 : 1, loss ?? 0, Number(refused)];
      sums.forEach((value, i) => (values[i] += value));
      if (refused) values[7]++;
      else if (loss !== undefined) values[7] = 0;
      values[8] = Math.max(values[8], eventTimeMs);
    },
    snapshot: (): Snapshot => ({
      tensors: { counts: { dtype: 'F64', shape: [9], data: values.slice() } },
      metadata: null,
    }),
    restore: (snapshot) => values.set(tensorOf(name, snapshot, 'counts', 'F64', 9)),
  };
}
