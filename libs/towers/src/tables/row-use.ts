import { type Snapshot, type StateTensor, tensorOf } from '@gatehouse/domain';
import type { TableSpec } from '@gatehouse/schema';

import type { IdMap } from './id-map';
import { createSlabs } from './slabs';
import { mergeChanges, type TensorChanges, wholeTensors } from './tensor-changes';

/** Rows looked at for the longest unused one: what goes is among the oldest of a random-like 64, as in a cache with sampled LRU. */
const evictionScan = 64;
/** Rows looked at for expiry in a step: a table of a million is gone through in a thousand steps. */
const expiryScan = 1024;

/** When rows were last used by training, as far as the table's limits ask for it. Positions are those of the id map. */
export interface RowUse {
  touch(index: number): void;
  /**
   * Begins a step at an event time and looks at the next rows for some that have expired, which the caller removes. The clock is the
   * largest event time so far: expiry never depends on when a stream is read.
   */
  beginStep(eventTimeMs: number, map: IdMap): number[];
  /** The longest unused of the next rows, none of which is in use in this step; -1: all are. */
  longestUnused(map: IdMap): number;
  tensors(): Record<string, StateTensor>;
  restore(part: string, snapshot: Snapshot): void;
  changes(): TensorChanges;
  saved(): void;
}

/** Creates the record of a table; without capacity and expiry it holds nothing. */
export function createRowUse({ capacity, expireAfterMs }: Pick<TableSpec, 'capacity' | 'expireAfterMs'>): RowUse {
  const steps = capacity === null ? undefined : createSlabs('U32', 1);
  const seconds = expireAfterMs === null ? undefined : createSlabs('U32', 1);
  const state = new Float64Array(4); // step, clock in seconds, cursor of eviction, cursor of expiry
  let end = 0; // rows that have stamps
  const expireAfterS = Math.ceil((expireAfterMs ?? 0) / 1000);

  const stateTensor = (): StateTensor => ({ dtype: 'F64', shape: [4], data: state.slice() });

  return {
    touch: (index) => {
      if (!steps && !seconds) return;
      if (index >= end) {
        end = index + 1;
        steps?.ensure(end);
        seconds?.ensure(end);
      }
      if (steps) {
        steps.slabOf(index)[steps.offsetOf(index)] = state[0];
        steps.mark(index);
      }
      if (seconds) {
        seconds.slabOf(index)[seconds.offsetOf(index)] = state[1];
        seconds.mark(index);
      }
    },
    beginStep: (eventTimeMs, map) => {
      state[0]++;
      state[1] = Math.max(state[1], Math.floor(eventTimeMs / 1000));
      const expired: number[] = [];
      if (!seconds) return expired;
      for (let n = Math.min(expiryScan, map.end); n > 0; n--) {
        const index = state[3] % map.end;
        state[3] = index + 1;
        if (map.has(index) && seconds.slabOf(index)[seconds.offsetOf(index)] + expireAfterS <= state[1])
          expired.push(index);
      }
      return expired;
    },
    longestUnused: (map) => {
      let [oldest, oldestStep] = [-1, state[0]];
      for (let n = Math.min(evictionScan, map.end); steps && n > 0; n--) {
        const index = state[2] % map.end;
        state[2] = index + 1;
        const step = steps.slabOf(index)[steps.offsetOf(index)];
        if (map.has(index) && step < oldestStep) [oldest, oldestStep] = [index, step];
      }
      return oldest;
    },
    tensors: () => ({
      ...steps?.tensors('usedAtStep', end),
      ...seconds?.tensors('usedAtSecond', end),
      ...((steps || seconds) && { use: stateTensor() }),
    }),
    restore: (part, snapshot) => {
      if (!steps && !seconds) return;
      const found = [steps?.restore(part, snapshot, 'usedAtStep'), seconds?.restore(part, snapshot, 'usedAtSecond')];
      end = found.find((rows) => rows !== undefined) ?? 0;
      state.set(tensorOf(part, snapshot, 'use', 'F64', 4));
    },
    changes: () =>
      mergeChanges([
        ...(steps ? [steps.changes('usedAtStep', end)] : []),
        ...(seconds ? [seconds.changes('usedAtSecond', end)] : []),
        ...(steps || seconds ? [wholeTensors({ use: stateTensor() })] : []),
      ]),
    saved: () => {
      steps?.saved(end);
      seconds?.saved(end);
    },
  };
}
