import { type Snapshot, type StateTensor, tensorOf } from '@gatehouse/domain';

import { createSlabs } from './slabs';
import { mergeChanges, type TensorChanges, wholeTensors } from './tensor-changes';

/** Cells are multiples of this, so that a freed cell fits the next id of about its length. */
const unitBytes = 8;
/** An id has at most 128 bytes: 16 units. */
const classes = 17;

/** Bytes of ids, which come and go: an arena of cells with a free list for each size. */
export interface IdBytes {
  /** Stores bytes and returns their address, in units. */
  put(bytes: Uint8Array, length: number): number;
  /** Gives a cell up to the next id of its size. */
  free(address: number, length: number): void;
  equals(address: number, bytes: Uint8Array, length: number): boolean;
  read(address: number, length: number): string;
  tensors(): Record<string, StateTensor>;
  restore(part: string, snapshot: Snapshot): void;
  changes(): TensorChanges;
  saved(): void;
}

/** Creates an empty arena. A free cell holds the address of the next free one, so free lists take no memory of their own. */
export function createIdBytes(): IdBytes {
  const cells = createSlabs('U8', unitBytes, 1024 * 1024);
  const heads = new Uint32Array(classes + 1); // per class: address + 1 of the first free cell, 0: none; last: units in use
  const unitsOf = (length: number): number => Math.max(1, Math.ceil(length / unitBytes));

  const next = (address: number): DataView => {
    const slab = cells.slabOf(address);
    return new DataView(slab.buffer, slab.byteOffset + cells.offsetOf(address), 4);
  };

  const allocate = (units: number): number => {
    if (heads[units] !== 0) {
      const address = heads[units] - 1;
      heads[units] = next(address).getUint32(0, true);
      return address;
    }
    // A cell never lies in two slabs.
    const left = cells.mask + 1 - (heads[classes] & cells.mask);
    if (units > left) heads[classes] += left;
    const address = heads[classes];
    heads[classes] += units;
    cells.ensure(heads[classes]);
    return address;
  };

  const headsTensor = (): StateTensor => ({ dtype: 'U32', shape: [heads.length], data: heads });

  return {
    put: (bytes, length) => {
      const units = unitsOf(length);
      const address = allocate(units);
      for (let u = 0; u < units; u++) cells.mark(address + u);
      cells.slabOf(address).set(bytes.subarray(0, length), cells.offsetOf(address));
      return address;
    },
    free: (address, length) => {
      const units = unitsOf(length);
      for (let u = 0; u < units; u++) cells.clear(address + u); // equal states have equal bytes
      next(address).setUint32(0, heads[units], true);
      heads[units] = address + 1;
    },
    equals: (address, bytes, length) => {
      const [slab, at] = [cells.slabOf(address), cells.offsetOf(address)];
      for (let i = 0; i < length; i++) if (slab[at + i] !== bytes[i]) return false;
      return true;
    },
    read: (address, length) => {
      const slab = cells.slabOf(address);
      return Buffer.from(slab.buffer, slab.byteOffset + cells.offsetOf(address), length).toString('utf8');
    },
    tensors: () => ({ ...cells.tensors('bytes', heads[classes]), heads: headsTensor() }),
    restore: (part, snapshot) => {
      const saved = tensorOf(part, snapshot, 'heads', 'U32', heads.length);
      const units = cells.restore(part, snapshot, 'bytes');
      if (units !== saved[classes]) {
        throw new RangeError(`${part}: tensor bytes: expected ${saved[classes]} units, found ${units}`);
      }
      heads.set(saved);
    },
    changes: () => mergeChanges([cells.changes('bytes', heads[classes]), wholeTensors({ heads: headsTensor() })]),
    saved: () => cells.saved(heads[classes]),
  };
}
