import {
  hashId,
  type Keys,
  maxIdBytes,
  type Snapshot,
  type Stateful,
  type StateTensor,
  tensorOf,
} from '@gatehouse/domain';

import { createIdBytes } from './id-bytes';
import { createIdSlots } from './id-slots';
import { createSlabs } from './slabs';
import { mergeChanges, type TensorChanges, wholeTensors } from './tensor-changes';

const encoder = new TextEncoder();

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
  let freed: number[] = []; // indexes of removed ids, the last to go first
  let end = 0;
  let isChanged = false; // since it was saved
  const hashes = createSlabs('U32', 2);
  const addresses = createSlabs('U32', 1);
  const lengths = createSlabs('U8', 1); // length + 1; 0: no id
  const columns = [hashes, addresses, lengths];
  const bytes = createIdBytes();
  const key: Keys = new Uint32Array(2);
  const scratch = new Uint8Array(maxIdBytes);

  const lengthOf = (index: number): number => lengths.slabOf(index)[lengths.offsetOf(index)] - 1;
  const addressOf = (index: number): number => addresses.slabOf(index)[addresses.offsetOf(index)];

  /** Writes the bytes of an id to the scratch and returns their number, or -1 when they are too many. */
  const encode = (id: string): number => {
    const { read, written } = encoder.encodeInto(id, scratch);
    return read < id.length ? -1 : written;
  };

  const slots = createIdSlots({
    lowHashAt: (index) => hashes.slabOf(index)[hashes.offsetOf(index)],
    holds: (index, length) => {
      const at = hashes.offsetOf(index);
      const slab = hashes.slabOf(index);
      if (slab[at] !== key[0] || slab[at + 1] !== key[1] || lengthOf(index) !== length) return false;
      return bytes.equals(addressOf(index), scratch, length);
    },
  });

  /** Index of the id of `length` bytes in the scratch, or -1. Leaves its hash in the key. */
  const find = (id: string, length: number): number => {
    hashId(id, key, 0);
    return slots.find(key, length);
  };

  /** Adds the id whose hash and bytes the last search left. */
  const append = (length: number): number => {
    const index = freed.pop() ?? end++;
    for (const column of columns) column.ensure(end);
    hashes.slabOf(index).set(key, hashes.offsetOf(index));
    addresses.slabOf(index)[addresses.offsetOf(index)] = bytes.put(scratch, length);
    lengths.slabOf(index)[lengths.offsetOf(index)] = length + 1;
    for (const column of columns) column.mark(index);
    slots.add(key, index);
    isChanged = true;
    return index;
  };

  const has = (index: number): boolean => index >= 0 && index < end && lengthOf(index) >= 0;

  const checkIndex = (index: number): void => {
    if (!has(index)) throw new RangeError(`${name}: expected an index below ${end} that an id has, found ${index}`);
  };

  const freedTensor = (): StateTensor => ({ dtype: 'I32', shape: [freed.length], data: Int32Array.from(freed) });

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
      return length < 0 ? -1 : find(id, length);
    },
    add: (id) => {
      const length = encode(id);
      if (length < 0) {
        throw new RangeError(
          `${name}: expected an id of at most ${maxIdBytes} bytes, found ${Buffer.byteLength(id, 'utf8')}`,
        );
      }
      const known = find(id, length);
      return known < 0 ? append(length) : known;
    },
    remove: (index) => {
      checkIndex(index);
      const at = hashes.offsetOf(index);
      slots.remove(hashes.slabOf(index)[at], hashes.slabOf(index)[at + 1], index);
      bytes.free(addressOf(index), lengthOf(index));
      for (const column of columns) column.clear(index);
      freed.push(index);
      isChanged = true;
    },
    has,
    idAt: (index) => {
      checkIndex(index);
      return bytes.read(addressOf(index), lengthOf(index));
    },
    snapshot: (): Snapshot => ({
      tensors: {
        ...slots.tensors(),
        freed: freedTensor(),
        ...hashes.tensors('hashes', end),
        ...addresses.tensors('addresses', end),
        ...lengths.tensors('lengths', end),
        ...bytes.tensors(),
      },
      metadata: null,
    }),
    restore: (snapshot) => {
      slots.restore(name, snapshot);
      end = lengths.restore(name, snapshot, 'lengths');
      for (const [column, tensor] of [
        [hashes, 'hashes'],
        [addresses, 'addresses'],
      ] as const) {
        const found = column.restore(name, snapshot, tensor);
        if (found !== end) throw new RangeError(`${name}: tensor ${tensor}: expected ${end} rows, found ${found}`);
      }
      bytes.restore(name, snapshot);
      freed = [...tensorOf(name, snapshot, 'freed', 'I32')];
      isChanged = false;
    },
    changes: () => {
      if (!isChanged) return mergeChanges([]);
      return mergeChanges([
        slots.changes(),
        wholeTensors({ freed: freedTensor() }),
        hashes.changes('hashes', end),
        addresses.changes('addresses', end),
        lengths.changes('lengths', end),
        bytes.changes(),
      ]);
    },
    saved: () => {
      for (const column of columns) column.saved(end);
      bytes.saved();
      slots.saved();
      isChanged = false;
    },
  };
}
