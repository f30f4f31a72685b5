import { type Snapshot, type Stateful, tensorOf } from '@gatehouse/domain';

/** What became of the records so far: offset span = applied + skipped + joined + pending + late + unweighted +
 * duplicates + dead-lettered + without record. */
export interface ProgressCounts {
  /** Positives learned. */
  readonly applied: number;
  /** Positives of batches that were given up, because their loss or gradient was not finite. */
  readonly skipped: number;
  /** Shown items that were acted on. */
  readonly joined: number;
  /** Shown items whose outcome is not known yet. */
  readonly pending: number;
  /** Positives that came after their item was given up as not acted on, and were left out. */
  readonly late: number;
  /** The same, but learned: they count as applied too. */
  readonly corrected: number;
  /** Events of weight 0 that were not acted on: they enter the user's state, and the loss as hard negatives at most. */
  readonly unweighted: number;
  readonly deadLettered: number;
  /** Events that came before. */
  readonly duplicates: number;
  /** Offsets that held no record for us. */
  readonly withoutRecord: number;
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
    readonly joined: number;
    /** Now, not in addition. */
    readonly pending: number;
    readonly late: number;
    readonly corrected: number;
    readonly deadLettered: number;
    readonly duplicates: number;
    readonly withoutRecord: number;
    /** Absent when the batch had no positive, or was given up. */
    readonly loss?: number;
    readonly refused: boolean;
    readonly eventTimeMs: number;
  }): void;
}

/** The counts in the order in which they are saved. */
const names = [
  'applied',
  'skipped',
  'unweighted',
  'deadLettered',
  'batches',
  'lossSum',
  'refused',
  'refusedInRow',
  'eventTimeMs',
  'duplicates',
  'withoutRecord',
  'joined',
  'pending',
  'late',
  'corrected',
] as const satisfies readonly (keyof ProgressCounts)[];

/** Creates counters at zero. */
export function createProgress(): Progress {
  const name = 'progress';
  const values = new Float64Array(names.length);
  const read = (): ProgressCounts =>
    Object.fromEntries(names.map((each, i) => [each, values[i]])) as unknown as ProgressCounts;
  const write = (counts: ProgressCounts): void => names.forEach((each, i) => (values[i] = counts[each]));
  return {
    name,
    get counts() {
      return read();
    },
    add: ({ loss, refused, eventTimeMs, ...added }) => {
      const counts = read();
      write({
        applied: counts.applied + added.applied,
        skipped: counts.skipped + added.skipped,
        unweighted: counts.unweighted + added.unweighted,
        deadLettered: counts.deadLettered + added.deadLettered,
        duplicates: counts.duplicates + added.duplicates,
        joined: counts.joined + added.joined,
        pending: added.pending,
        late: counts.late + added.late,
        corrected: counts.corrected + added.corrected,
        withoutRecord: counts.withoutRecord + added.withoutRecord,
        batches: counts.batches + (loss === undefined ? 0 : 1),
        lossSum: counts.lossSum + (loss ?? 0),
        refused: counts.refused + Number(refused),
        refusedInRow: refused ? counts.refusedInRow + 1 : loss === undefined ? counts.refusedInRow : 0,
        eventTimeMs: Math.max(counts.eventTimeMs, eventTimeMs),
      });
    },
    snapshot: (): Snapshot => ({
      tensors: { counts: { dtype: 'F64', shape: [names.length], data: values.slice() } },
      metadata: null,
    }),
    restore: (snapshot) => values.set(tensorOf(name, snapshot, 'counts', 'F64', names.length)),
  };
}
