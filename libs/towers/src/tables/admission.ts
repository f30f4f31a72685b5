import { hashId, type Snapshot, type StateTensor, tensorOf } from '@gatehouse/domain';

/** Counts of ids that have no row yet, in bounded memory. */
export interface Admission {
  /** Counts one occurrence and says whether the id has now occurred often enough. */
  count(id: string): boolean;
  /** Whether it had occurred often enough before. */
  isAdmitted(id: string): boolean;
  tensors(): Record<string, StateTensor>;
  restore(part: string, snapshot: Snapshot): void;
}

/** Counters of each of two rows: ids that wait at the same time and are told apart. */
const defaultCells = 1 << 18;
/** Occurrences per counter after which all counts are halved, so that ids of long ago do not fill the counters. */
const halveAfterPerCell = 8;

/**
 * Admits an id after `admitAfter` occurrences, by a count-min sketch of one byte a counter (512 KiB). Ids that share both counters are
 * admitted early, never late. Counts are halved now and then (TinyLFU, Einziger et al. 2017, section 3.3): "often" means lately.
 *
 * @param admitAfter 1 to 255; see the schema.
 */
export function createAdmission(admitAfter: number, cells = defaultCells): Admission {
  const halveAfter = halveAfterPerCell * cells;
  const counters = new Uint8Array(2 * cells);
  const occurrences = new Float64Array(1);
  const key = new Uint32Array(2);

  const find = (id: string): [number, number] => {
    hashId(id, key, 0);
    return [key[0] % cells, cells + (key[1] % cells)];
  };

  return {
    count: (id) => {
      const [first, second] = find(id);
      const raised = Math.min(255, Math.min(counters[first], counters[second]) + 1);
      counters[first] = Math.max(counters[first], raised);
      counters[second] = Math.max(counters[second], raised);
      if (++occurrences[0] % halveAfter === 0) counters.forEach((count, i) => (counters[i] = count >> 1));
      return raised >= admitAfter;
    },
    isAdmitted: (id) => {
      const [first, second] = find(id);
      return Math.min(counters[first], counters[second]) >= admitAfter;
    },
    tensors: () => ({
      admission: { dtype: 'U8', shape: [counters.length], data: counters },
      occurrences: { dtype: 'F64', shape: [1], data: occurrences },
    }),
    restore: (part, snapshot) => {
      counters.set(tensorOf(part, snapshot, 'admission', 'U8', counters.length));
      occurrences.set(tensorOf(part, snapshot, 'occurrences', 'F64', 1));
    },
  };
}
