import {
  hashId,
  type Keys,
  maxIdBytes,
  type Snapshot,
  type Stateful,
  type StateTensor,
  tensorOf,
} from '@gatehouse/domain';

import { createChangedRows } from './changed-rows';
import { createIdBytes } from './id-bytes';
import { createSlabs } from './slabs';
import { changesOf, mergeChanges, type TensorChanges, wholeTensors } from './tensor-changes';

const encoder = new TextEncoder();
/** Segments of the table, by the high bits of the hash: each grows by itself, so no id waits for all of them to be moved. */
const segmentCount = 256;
const segmentShift = 24;
const minSlots = 8;

/**
 * Maps ids to dense indexes 0, 1, 2, ..., in typed arrays: an open-addressing table of 64-bit hashes, with the id's bytes compared on
 * every hit. Costs about 30 bytes an id, where a JavaScript Map of strings costs over 100, and its arrays are stored in a version and
 * used in place. The index of a removed id goes to the next new one.
 *
 * @example
 * const map = createIdMap('items');
 * map.add('42');     // 0
 * map.indexOf('42'); // 0
 * map.indexOf('7');  // -1
 */
export interface IdMap extends Stateful {
  /** Ids in the map. */
  readonly size: number;
  /** One more than the largest index that was ever given. */
  readonly end: number;
  /** Index of an id, or -1; an over-long id is in no map. */
  indexOf(id: string): number;
  /**
   * Index of an id, which is added when it is new.
   * @throws RangeError when the id is longer than 128 bytes.
   */
  add(id: string): number;
  /** Takes an id out; its index is free then. */
  remove(index: number): void;
  /** Whether an index belongs to an id. */
  has(index: number): boolean;
  /** The id at an index. */
  idAt(index: number): string;
  /** What changed since {@link saved}, {@link restore} or the start: the patch without its metadata. */
  changes(): TensorChanges;
  saved(): void;
}

/** Creates an empty {@link IdMap}. */
export function createIdMap(name: string): IdMap {
  let segments: Int32Array[] = Array.from({ length: segmentCount }, () => new Int32Array(minSlots)); // index + 1, 0 = free
  let counts: Int32Array = new Int32Array(segmentCount); // ids of each segment; at most 3/4 of its slots
  let freed: number[] = []; // indexes of removed ids, the last to go first
  let end = 0;
  const hashes = createSlabs('U32', 2);
  const addresses = createSlabs('U32', 1);
  const lengths = createSlabs('U8', 1); // length + 1; 0: no id
  const bytes = createIdBytes();
  const key: Keys = new Uint32Array(2);
  const scratch = new Uint8Array(maxIdBytes);

  let savedSlots: number | undefined = segmentCount * minSlots; // in all segments; undefined: one has grown since
  let starts = startsOf(segments); // of each segment among all slots, as saved
  let idsChanged = false; // since saved
  const changedSlots = createChangedRows();

  const lengthOf = (index: number): number => lengths.slabOf(index)[lengths.offsetOf(index)] - 1;
  const addressOf = (index: number): number => addresses.slabOf(index)[addresses.offsetOf(index)];
  const homeOf = (index: number, mask: number): number => hashes.slabOf(index)[hashes.offsetOf(index)] & mask;

  /** Writes the bytes of an id to the scratch and returns their number, or -1 when they are too many. */
  const encode = (id: string): number => {
    const { read, written } = encoder.encodeInto(id, scratch);
    return read < id.length ? -1 : written;
  };

  const holds = (index: number, length: number): boolean => {
    const at = hashes.offsetOf(index);
    const slab = hashes.slabOf(index);
    if (slab[at] !== key[0] || slab[at + 1] !== key[1] || lengthOf(index) !== length) return false;
    return bytes.equals(addressOf(index), scratch, length);
  };

  /** Slot that holds the id of `length` bytes in the scratch, or the free slot where it belongs. Leaves its hash in the key. */
  const probe = (id: string, length: number): { readonly slots: Int32Array; readonly slot: number } => {
    hashId(id, key, 0);
    const slots = segments[key[1] >>> segmentShift];
    const mask = slots.length - 1;
    let slot = key[0] & mask;
    while (slots[slot] !== 0 && !holds(slots[slot] - 1, length)) slot = (slot + 1) & mask;
    return { slots, slot };
  };

  const grow = (segment: number): void => {
    const old = segments[segment];
    const slots = new Int32Array(old.length * 2);
    const mask = slots.length - 1;
    for (const entry of old) {
      if (entry === 0) continue;
      let slot = homeOf(entry - 1, mask);
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = entry;
    }
    segments[segment] = slots;
    savedSlots = undefined;
  };

  const append = (slots: Int32Array, slot: number, length: number): number => {
    const index = freed.pop() ?? end++;
    for (const each of [hashes, addresses, lengths]) each.ensure(end);
    hashes.slabOf(index).set(key, hashes.offsetOf(index));
    addresses.slabOf(index)[addresses.offsetOf(index)] = bytes.put(scratch, length);
    lengths.slabOf(index)[lengths.offsetOf(index)] = length + 1;
    for (const each of [hashes, addresses, lengths]) each.mark(index);
    slots[slot] = index + 1;
    const segment = key[1] >>> segmentShift;
    changedSlots.add(starts[segment] + slot);
    idsChanged = true;
    if (++counts[segment] * 4 > slots.length * 3) grow(segment);
    return index;
  };

  const has = (index: number): boolean => index >= 0 && index < end && lengthOf(index) >= 0;

  /** Empties a slot and closes the gap, so that no search stops before what it looks for (Knuth, TAOCP 3, 6.4, algorithm R). */
  const vacate = (segment: number, slot: number): void => {
    const slots = segments[segment];
    const mask = slots.length - 1;
    let gap = slot;
    for (let at = (gap + 1) & mask; slots[at] !== 0; at = (at + 1) & mask) {
      const home = homeOf(slots[at] - 1, mask);
      if (((at - home) & mask) < ((at - gap) & mask)) continue; // its home lies behind the gap
      slots[gap] = slots[at];
      changedSlots.add(starts[segment] + gap);
      gap = at;
    }
    slots[gap] = 0;
    changedSlots.add(starts[segment] + gap);
  };

  const checkIndex = (index: number): void => {
    if (!has(index)) throw new RangeError(`${name}: expected an index below ${end} that an id has, found ${index}`);
  };

  /** The slots of all segments, one after the other. */
  const allSlots = (): StateTensor => {
    const data = new Int32Array(slotsIn(segments));
    startsOf(segments).forEach((start, s) => data.set(segments[s], start));
    return { dtype: 'I32', shape: [data.length], data };
  };

  /** Where segments and free indexes lie: small beside the ids. */
  const structure = (): Record<string, StateTensor> => {
    const i32 = (data: Int32Array): StateTensor => ({ dtype: 'I32', shape: [data.length], data });
    return {
      segments: i32(Int32Array.from(segments, (segment) => segment.length)),
      counts: i32(counts.slice()),
      freed: i32(Int32Array.from(freed)),
    };
  };

  const slotsSaved = (): void => {
    savedSlots = slotsIn(segments);
    starts = startsOf(segments);
    idsChanged = false;
    changedSlots.clear();
  };

  return {
    name,
    get size() {
      return end - freed.length;
    },
    get end() {
      return end;
    },
    indexOf: (id) => {
      const length = encode(id);
      if (length < 0) return -1;
      const { slots, slot } = probe(id, length);
      return slots[slot] - 1;
    },
    add: (id) => {
      const length = encode(id);
      if (length < 0) {
        throw new RangeError(
          `${name}: expected an id of at most ${maxIdBytes} bytes, found ${Buffer.byteLength(id, 'utf8')}`,
        );
      }
      const { slots, slot } = probe(id, length);
      return slots[slot] === 0 ? append(slots, slot, length) : slots[slot] - 1;
    },
    remove: (index) => {
      checkIndex(index);
      const segment = hashes.slabOf(index)[hashes.offsetOf(index) + 1] >>> segmentShift;
      const slots = segments[segment];
      const mask = slots.length - 1;
      let slot = homeOf(index, mask);
      while (slots[slot] !== index + 1) slot = (slot + 1) & mask;
      vacate(segment, slot);
      counts[segment]--;
      idsChanged = true;
      bytes.free(addressOf(index), lengthOf(index));
      for (const each of [hashes, addresses, lengths]) each.clear(index);
      freed.push(index);
    },
    has,
    idAt: (index) => {
      checkIndex(index);
      return bytes.read(addressOf(index), lengthOf(index));
    },
    snapshot: (): Snapshot => ({
      tensors: {
        slots: allSlots(),
        ...structure(),
        ...hashes.tensors('hashes', end),
        ...addresses.tensors('addresses', end),
        ...lengths.tensors('lengths', end),
        ...bytes.tensors(),
      },
      metadata: null,
    }),
    restore: (snapshot) => {
      const sizes = tensorOf(name, snapshot, 'segments', 'I32', segmentCount);
      const savedCounts = tensorOf(name, snapshot, 'counts', 'I32', segmentCount);
      sizes.forEach((size, s) => {
        if (size >= minSlots && (size & (size - 1)) === 0 && savedCounts[s] * 4 <= size * 3) return;
        throw new RangeError(
          `${name}: segment ${s}: expected a power of two of slots, at most 3/4 full, found ${size} for ${savedCounts[s]} ids`,
        );
      });
      const total = sizes.reduce((sum, size) => sum + size, 0);
      const slots = tensorOf(name, snapshot, 'slots', 'I32', total);
      const savedEnd = lengths.restore(name, snapshot, 'lengths');
      for (const [each, tensor] of [
        [hashes, 'hashes'],
        [addresses, 'addresses'],
      ] as const) {
        const found = each.restore(name, snapshot, tensor);
        if (found !== savedEnd) {
          throw new RangeError(`${name}: tensor ${tensor}: expected ${savedEnd} rows, found ${found}`);
        }
      }
      bytes.restore(name, snapshot);
      let at = 0;
      segments = Array.from(sizes, (size) => slots.subarray(at, (at += size))); // in place
      counts = savedCounts.slice();
      freed = [...tensorOf(name, snapshot, 'freed', 'I32')];
      end = savedEnd;
      slotsSaved();
    },
    changes: () => {
      if (!idsChanged) return mergeChanges([]);
      const slots = allSlots();
      return mergeChanges([
        changesOf('slots', slots, savedSlots, changedSlots.between(0, slots.data.length)),
        wholeTensors(structure()),
        hashes.changes('hashes', end),
        addresses.changes('addresses', end),
        lengths.changes('lengths', end),
        bytes.changes(),
      ]);
    },
    saved: () => {
      for (const each of [hashes, addresses, lengths]) each.saved(end);
      bytes.saved();
      slotsSaved();
    },
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
