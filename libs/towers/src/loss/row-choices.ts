/** What counts in which row of a step, in plain arrays. */
export interface RowChoices {
  /** 0 where a shared candidate counts in a row, else -1e30, `[rows, shared]`. */
  readonly sharedMask: Float32Array;
  /** Slots of the hard negatives, any slot where there is none, `[rows * hardPerRow]`. */
  readonly hardSlots: Int32Array;
  /** 0 where there is a hard negative, else -1e30, `[rows, hardPerRow]`. */
  readonly hardMask: Float32Array;
  /** Whether a row has no candidate at all that counts, `[rows]`. */
  readonly isEmpty: readonly boolean[];
  /** Shared occurrences of the rows' positives, their own slots apart. */
  readonly accidentalHits: number;
}

/** What {@link createRowChooser} needs of a step. */
export interface ChoiceInput {
  readonly batch: number;
  readonly shared: number;
  /** `[slots]` */
  readonly itemCodes: Int32Array;
  readonly inBatch: boolean;
  readonly hardPerRow: number;
  /** `[batch * hardPerRow]`, -1: none. */
  readonly hardSlots: Int32Array;
  /** `[batch * (1 + hardPerRow)]`, NaN: unknown. What a teacher does not know does not count. */
  readonly teacherScores: Float32Array | undefined;
  readonly usesShared: boolean;
  readonly keepsAccidentalHits: boolean;
}

/** Stands for minus infinity in a logit. */
const excluded = -1e30;

/**
 * Decides what counts in each row: no row sees its own slot, and none sees its positive as a negative, unless the loss keeps
 * accidental hits. A hard negative counts once: neither a second time in its row, nor among the row's shared candidates.
 *
 * @returns the choices of the rows `from .. from + rows`.
 */
export function createRowChooser(input: ChoiceInput): (from: number, rows: number) => RowChoices {
  const { batch, shared, itemCodes, inBatch, hardPerRow, hardSlots, teacherScores, usesShared } = input;
  const slotsOf = occurrences(itemCodes, shared);
  const hiddenPositives = inBatch ? 0 : batch;

  /** Whether the k-th hard negative of a row is one: known to the teacher, not the positive, and not there before. */
  const isHard = (row: number, k: number): boolean => {
    const slot = hardSlots[row * hardPerRow + k];
    if (slot < 0 || itemCodes[slot] === itemCodes[row]) return false;
    if (
      teacherScores &&
      Number.isNaN(teacherScores[row * (1 + hardPerRow)] + teacherScores[row * (1 + hardPerRow) + 1 + k])
    ) {
      return false;
    }
    for (let before = 0; before < k; before++) {
      const earlier = hardSlots[row * hardPerRow + before];
      if (earlier >= 0 && itemCodes[earlier] === itemCodes[slot]) return false;
    }
    return true;
  };

  return (from, rows) => {
    const sharedMask = new Float32Array(rows * shared);
    const hardMask = new Float32Array(rows * hardPerRow).fill(excluded);
    const chosenSlots = new Int32Array(rows * hardPerRow);
    const isEmpty: boolean[] = [];
    let accidentalHits = 0;
    for (let i = 0; i < rows; i++) {
      const row = from + i;
      const mask = sharedMask.subarray(i * shared, (i + 1) * shared);
      let left = shared - hiddenPositives;
      const hide = (slot: number): void => {
        if (slot >= hiddenPositives && mask[slot] === 0) left--;
        mask[slot] = excluded;
      };
      if (!usesShared) left = 0;
      mask.fill(excluded, 0, hiddenPositives);
      hide(row);
      for (const slot of slotsOf(itemCodes[row])) {
        if (slot === row || slot < hiddenPositives) continue;
        accidentalHits++;
        if (!input.keepsAccidentalHits) hide(slot);
      }
      let hard = 0;
      for (let k = 0; k < hardPerRow; k++) {
        if (!isHard(row, k)) continue;
        const slot = hardSlots[row * hardPerRow + k];
        chosenSlots[i * hardPerRow + k] = slot;
        hardMask[i * hardPerRow + k] = 0;
        hard++;
        for (const occurrence of slotsOf(itemCodes[slot])) hide(occurrence);
      }
      isEmpty.push((usesShared ? left : 0) + hard === 0);
    }
    return { sharedMask, hardSlots: chosenSlots, hardMask, isEmpty, accidentalHits };
  };
}

/** Finds the shared slots of an item. */
function occurrences(itemCodes: Int32Array, shared: number): (code: number) => readonly number[] {
  const slots = new Map<number, number[]>();
  for (let slot = 0; slot < shared; slot++) {
    const known = slots.get(itemCodes[slot]);
    if (known) known.push(slot);
    else slots.set(itemCodes[slot], [slot]);
  }
  return (code) => slots.get(code) ?? [];
}
