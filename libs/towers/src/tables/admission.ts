import { hashId, type Snapshot, type StateTensor, tensorOf } from '@gatehouse/domain';

import { createChangedRows } from './changed-rows';
import { changesOf, mergeChanges, type TensorChanges, wholeTensors } from './tensor-changes';

/** Counts of ids that have no row yet, in bounded memory. */
export interface Admission {
  /** Counts one occurrence and says whether the id has now occurred often enough. */
  count(id: string): boolean;
  /** Whether it had occurred often enough before. */
  isAdmitted(id: string): boolean;
  tensors(): Record<string, StateTensor>;
  restore(part: string, snapshot: Snapshot): void;
  changes(): TensorChanges;
  saved(): void;
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
  const changed = createChangedRows();

  const find = (id: string): [number, number] => {
    hashId(id, key, 0);
    return [key[0] % cells, cells + (key[1] % cells)];
  };

  const halve = (): void => {
    for (let i = 0; i < counters.length; i++) {
      if (counters[i] === 0) continue;
      counters[i] >>= 1;
      changed.add(i);
    }
  };

  const tensors = (): { readonly admission: StateTensor; readonly occurrences: StateTensor } => ({
    admission: { dtype: 'U8', shape: [counters.length], data: counters },
    occurrences: { dtype: 'F64', shape: [1], data: occurrences },
  });

  return {
    count: (id) => {
      const [first, second] = find(id);
      const raised = Math.min(255, Math.min(counters[first], counters[second]) + 1);
      counters[first] = Math.max(counters[first], raised);
      counters[second] = Math.max(counters[second], raised);
      changed.add(first);
      changed.add(second);
      if (++occurrences[0] % halveAfter === 0) halve();
      return raised >= admitAfter;
    },
    isAdmitted: (id) => {
      const [first, second] = find(id);
      return Math.min(counters[first], counters[second]) >= admitAfter;
    },
    tensors,
    restore: (part, snapshot) => {
      counters.set(tensorOf(part, snapshot, 'admission', 'U8', counters.length));
      occurrences.set(tensorOf(part, snapshot, 'occurrences', 'F64', 1));
      changed.clear();
    },
    changes: () => {
      const { admission, occurrences } = tensors();
      const counted = changesOf('admission', admission, counters.length, changed.between(0, counters.length));
      return mergeChanges([counted, wholeTensors({ occurrences })]);
    },
    saved: () => changed.clear(),
  };
}
