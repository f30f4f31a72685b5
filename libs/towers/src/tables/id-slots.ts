import { type Keys, type Snapshot, type StateTensor, tensorOf } from '@gatehouse/domain';

import { createChangedRows } from './changed-rows';
import { changesOf, mergeChanges, type TensorChanges, wholeTensors } from './tensor-changes';

/** Segments, by the high bits of the hash: each grows by itself, so no id waits for all of them to be moved. */
const segmentCount = 256;
const segmentShift = 24;
const minSlots = 8;

/** Finds indexes by the 64-bit hashes of their ids: an open-addressing table, which knows hashes and asks for the rest. */
export interface IdSlots {
  /** Index that {@link IdLookup.holds} the id of `length` bytes with this hash, or -1. */
  find(hash: Keys, length: number): number;
  /** Adds an index that `find` did not find. */
  add(hash: Keys, index: number): void;
  /** Takes an index out. */
  remove(low: number, high: number, index: number): void;
  tensors(): Record<string, StateTensor>;
  restore(part: string, snapshot: Snapshot): void;
  changes(): TensorChanges;
  saved(): void;
}

/** What the slots ask their owner. */
export interface IdLookup {
  /** Low half of the hash at an index. */
  readonly lowHashAt: (index: number) => number;
  /** Whether an index has the id of `length` bytes that is looked for. */
  readonly holds: (index: number, length: number) => boolean;
}

/** Creates empty slots. */
export function createIdSlots({ lowHashAt, holds }: IdLookup): IdSlots {
  let segments: Int32Array[] = Array.from({ length: segmentCount }, () => new Int32Array(minSlots)); // index + 1, 0 = free
  let counts: Int32Array = new Int32Array(segmentCount); // ids of each segment; at most 3/4 of its slots
  let savedSlots: number | undefined = segmentCount * minSlots; // in all segments; undefined: one has grown since
  let starts = startsOf(segments); // of each segment among all slots, as saved
  const changed = createChangedRows();

  const mark = (segment: number, slot: number): void => changed.add(starts[segment] + slot);

  const grow = (segment: number): void => {
    const old = segments[segment];
    const slots = new Int32Array(old.length * 2);
    const mask = slots.length - 1;
    for (const entry of old) {
      if (entry === 0) continue;
      let slot = lowHashAt(entry - 1) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = entry;
    }
    segments[segment] = slots;
    savedSlots = undefined;
  };

  /** Empties a slot and closes the gap, so that no search stops before what it looks for (Knuth, TAOCP 3, 6.4, algorithm R). */
  const vacate = (segment: number, slot: number): void => {
    const slots = segments[segment];
    const mask = slots.length - 1;
    let gap = slot;
    for (let at = (gap + 1) & mask; slots[at] !== 0; at = (at + 1) & mask) {
      const home = lowHashAt(slots[at] - 1) & mask;
      if (((at - home) & mask) < ((at - gap) & mask)) continue; // its home lies behind the gap
      slots[gap] = slots[at];
      mark(segment, gap);
      gap = at;
    }
    slots[gap] = 0;
    mark(segment, gap);
  };

  const i32 = (data: Int32Array): StateTensor => ({ dtype: 'I32', shape: [data.length], data });

  /** The slots of all segments, one after the other. */
  const allSlots = (): StateTensor => {
    const data = new Int32Array(slotsIn(segments));
    startsOf(segments).forEach((start, s) => data.set(segments[s], start));
    return i32(data);
  };

  /** Where the segments lie among them, and how full they are. */
  const structure = (): Record<string, StateTensor> => ({
    segments: i32(Int32Array.from(segments, (segment) => segment.length)),
    counts: i32(counts.slice()),
  });

  const saved = (): void => {
    savedSlots = slotsIn(segments);
    starts = startsOf(segments);
    changed.clear();
  };

  return {
    find: (hash, length) => {
      const slots = segments[hash[1] >>> segmentShift];
      const mask = slots.length - 1;
      let slot = hash[0] & mask;
      while (slots[slot] !== 0 && !holds(slots[slot] - 1, length)) slot = (slot + 1) & mask;
      return slots[slot] - 1;
    },
    add: (hash, index) => {
      const segment = hash[1] >>> segmentShift;
      const slots = segments[segment];
      const mask = slots.length - 1;
      let slot = hash[0] & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = index + 1;
      mark(segment, slot);
      if (++counts[segment] * 4 > slots.length * 3) grow(segment);
    },
    remove: (low, high, index) => {
      const segment = high >>> segmentShift;
      const slots = segments[segment];
      const mask = slots.length - 1;
      let slot = low & mask;
      while (slots[slot] !== index + 1) slot = (slot + 1) & mask;
      vacate(segment, slot);
      counts[segment]--;
    },
    tensors: () => ({ slots: allSlots(), ...structure() }),
    restore: (part, snapshot) => {
      const sizes = tensorOf(part, snapshot, 'segments', 'I32', segmentCount);
      const savedCounts = tensorOf(part, snapshot, 'counts', 'I32', segmentCount);
      sizes.forEach((size, s) => {
        if (size >= minSlots && (size & (size - 1)) === 0 && savedCounts[s] * 4 <= size * 3) return;
        throw new RangeError(
          `${part}: segment ${s}: expected a power of two of slots, at most 3/4 full, found ${size} for ${savedCounts[s]} ids`,
        );
      });
      const total = sizes.reduce((sum, size) => sum + size, 0);
      const slots = tensorOf(part, snapshot, 'slots', 'I32', total);
      let at = 0;
      segments = Array.from(sizes, (size) => slots.subarray(at, (at += size))); // in place
      counts = savedCounts.slice();
      saved();
    },
    changes: () => {
      const slots = allSlots();
      return mergeChanges([
        changesOf('slots', slots, savedSlots, changed.between(0, slots.data.length)),
        wholeTensors(structure()),
      ]);
    },
    saved,
  };
}

function slotsIn(segments: readonly Int32Array[]): number {
  return segments.reduce((sum, segment) => sum + segment.length, 0);
}

/** Where each segment starts when all lie one after the other. */
function startsOf(segments: readonly Int32Array[]): number[] {
  let start = 0;
  return segments.map((segment) => (start += segment.length) - segment.length);
}
