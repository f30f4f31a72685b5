import { type Snapshot, type Stateful, tensorOf } from '@gatehouse/domain';

/** What became of the records so far. On every partition: offset span = applied + unweighted + dead-lettered + pending. */
export interface ProgressCounts {
  /** Positives learned. */
  readonly applied: number;
  /** Events of weight 0: they enter the user's state, not the loss. */
  readonly unweighted: number;
  readonly deadLettered: number;
  readonly batches: number;
  /** Sum of the batches' losses. */
  readonly lossSum: number;
}

/** Counts of the stream, as part of the checkpoint. */
export interface Progress extends Stateful {
  readonly counts: ProgressCounts;
  add(batch: {
    readonly applied: number;
    readonly unweighted: number;
    readonly deadLettered: number;
    readonly loss: number;
  }): void;
}

/** Creates counters at zero. */
export function createProgress(): Progress {
  const name = 'progress';
  const values = new Float64Array(5);
  return {
    name,
    get counts() {
      const [applied, unweighted, deadLettered, batches, lossSum] = values;
      return { applied, unweighted, deadLettered, batches, lossSum };
    },
    add: ({ applied, unweighted, deadLettered, loss }) => {
      [applied, unweighted, deadLettered, 1, loss].forEach((value, i) => (values[i] += value));
    },
    snapshot: (): Snapshot => ({
      tensors: { counts: { dtype: 'F64', shape: [5], data: values.slice() } },
      metadata: null,
    }),
    restore: (snapshot) => values.set(tensorOf(name, snapshot, 'counts', 'F64', 5)),
  };
}
