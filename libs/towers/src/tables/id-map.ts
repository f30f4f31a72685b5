import { hashId, type Keys, maxIdBytes, type Snapshot, type Stateful, tensorOf } from '@gatehouse/domain';

const encoder = new TextEncoder();
const minSlots = 16;

/**
 * Maps ids to dense indexes 0, 1, 2, ... in order of arrival, in typed arrays: an open-addressing table of 64-bit hashes,
 * with the id's bytes compared on every hit. Costs about 30 bytes an id, where a JavaScript Map of strings costs over 100,
 * and its arrays are stored in a version and used in place.
 *
 * @example
 * const map = createIdMap('items');
 * map.add('42');     // 0
 * map.indexOf('42'); // 0
 * map.indexOf('7');  // -1
 */
export interface IdMap extends Stateful {
  readonly size: number;
  /** Index of an id, or -1; an over-long id is in no map. */
  indexOf(id: string): number;
  /**
   * Index of an id, which is added when it is new.
   * @throws RangeError when the id is longer than 128 bytes.
   */
  add(id: string): number;
  /** The id at an index. */
  idAt(index: number): string;
}

/** Creates an empty {@link IdMap}. */
export function createIdMap(name: string): IdMap {
  let size = 0;
  let slots: Int32Array = new Int32Array(minSlots); // index + 1, 0 = free; length is a power of two, at most 3/4 full
  let hashes: Keys = new Uint32Array(2 * minSlots); // [size, 2]
  let ends: Uint32Array = new Uint32Array(minSlots); // end of each id in `bytes`, [size]
  let bytes: Uint8Array = new Uint8Array(16 * minSlots);
  const key: Keys = new Uint32Array(2);
  const scratch = new Uint8Array(maxIdBytes);

  const startOf = (index: number): number => (index === 0 ? 0 : ends[index - 1]);

  const holds = (index: number, length: number): boolean => {
    const start = startOf(index);
    if (ends[index] - start !== length) return false;
    for (let i = 0; i < length; i++) if (bytes[start + i] !== scratch[i]) return false;
    return true;
  };

  /** Writes the bytes of an id to the scratch and returns their number, or -1 when they are too many. */
  const encode = (id: string): number => {
    const { read, written } = encoder.encodeInto(id, scratch);
    return read < id.length ? -1 : written;
  };

  /** Slot that holds the id of `length` bytes in the scratch, or the free slot where it belongs. Leaves its hash in the key. */
  const probe = (id: string, length: number): number => {
    hashId(id, key, 0);
    const mask = slots.length - 1;
    let slot = key[0] & mask;
    for (; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const index = slots[slot] - 1;
      if (hashes[index * 2] === key[0] && hashes[index * 2 + 1] === key[1] && holds(index, length)) break;
    }
    return slot;
  };

  const rehash = (): void => {
    slots = new Int32Array(slots.length * 2);
    const mask = slots.length - 1;
    for (let index = 0; index < size; index++) {
      let slot = hashes[index * 2] & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = index + 1;
    }
  };

  const append = (slot: number, length: number): number => {
    if (size === ends.length) ends = grown(ends, size + 1);
    if (2 * size === hashes.length) hashes = grown(hashes, 2 * (size + 1));
    const start = startOf(size);
    if (start + length > bytes.length) bytes = grown(bytes, start + length);
    bytes.set(scratch.subarray(0, length), start);
    ends[size] = start + length;
    hashes.set(key, size * 2);
    slots[slot] = ++size;
    if (size * 4 > slots.length * 3) rehash();
    return size - 1;
  };

  return {
    name,
    get size() {
      return size;
    },
    indexOf: (id) => {
      const length = encode(id);
      return length < 0 ? -1 : slots[probe(id, length)] - 1;
    },
    add: (id) => {
      const length = encode(id);
      if (length < 0) {
        throw new RangeError(
          `${name}: expected an id of at most ${maxIdBytes} bytes, found ${Buffer.byteLength(id, 'utf8')}`,
        );
      }
      const slot = probe(id, length);
      return slots[slot] === 0 ? append(slot, length) : slots[slot] - 1;
    },
    idAt: (index) => {
      if (!(index >= 0 && index < size))
        throw new RangeError(`${name}: expected an index below ${size}, found ${index}`);
      return Buffer.from(bytes.buffer, bytes.byteOffset + startOf(index), ends[index] - startOf(index)).toString(
        'utf8',
      );
    },
    snapshot: (): Snapshot => ({
      tensors: {
        slots: { dtype: 'I32', shape: [slots.length], data: slots },
        hashes: { dtype: 'U32', shape: [size, 2], data: hashes.subarray(0, 2 * size) },
        ends: { dtype: 'U32', shape: [size], data: ends.subarray(0, size) },
        bytes: { dtype: 'U8', shape: [startOf(size)], data: bytes.subarray(0, startOf(size)) },
      },
      metadata: null,
    }),
    restore: (snapshot) => {
      const savedEnds = tensorOf(name, snapshot, 'ends', 'U32');
      const savedSlots = tensorOf(name, snapshot, 'slots', 'I32');
      const count = savedEnds.length;
      if (
        savedSlots.length < minSlots ||
        (savedSlots.length & (savedSlots.length - 1)) !== 0 ||
        count * 4 > savedSlots.length * 3
      ) {
        throw new RangeError(
          `${name}: expected a power of two of slots, at most 3/4 full, found ${savedSlots.length} for ${count} ids`,
        );
      }
      hashes = tensorOf(name, snapshot, 'hashes', 'U32', 2 * count);
      bytes = tensorOf(name, snapshot, 'bytes', 'U8', count === 0 ? 0 : savedEnds[count - 1]);
      slots = savedSlots;
      ends = savedEnds;
      size = count;
    },
  };
}

/** A copy with room for at least `needed` elements, grown by half to an even length. */
function grown<T extends Uint8Array | Uint32Array>(array: T, needed: number): T {
  const copy = new (array.constructor as new (length: number) => T)(
    2 * Math.ceil(Math.max(needed, array.length * 1.5) / 2),
  );
  copy.set(array);
  return copy;
}
