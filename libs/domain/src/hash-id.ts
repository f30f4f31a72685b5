/**
 * Keys of ids: 64-bit hashes as pairs of unsigned 32-bit words, `[count * 2]`, low word first.
 * Sampling counts keys, so it needs neither strings nor table rows.
 */
export type Keys = Uint32Array;

const encoder = new TextEncoder();
let scratch = new Uint8Array(512);

function rotate(x: number, r: number): number {
  return (x << r) | (x >>> (32 - r));
}

function mix(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** MurmurHash3_x86_32 (Appleby 2016) of `length` bytes. */
function murmur3(bytes: Uint8Array, length: number, seed: number): number {
  let h = seed;
  const blocks = length & ~3;
  for (let i = 0; i < blocks; i += 4) {
    let k = bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24);
    k = Math.imul(rotate(Math.imul(k, 0xcc9e2d51), 15), 0x1b873593);
    h = (Math.imul(rotate(h ^ k, 13), 5) + 0xe6546b64) | 0;
  }
  let tail = 0;
  if (length & 3) {
    for (let i = length - 1; i >= blocks; i--) tail = (tail << 8) | bytes[i];
    h ^= Math.imul(rotate(Math.imul(tail, 0xcc9e2d51), 15), 0x1b873593);
  }
  return mix(h ^ length) >>> 0;
}

/**
 * Writes the 64-bit key of an id to `out[at * 2]` and `out[at * 2 + 1]`: two MurmurHash3 words with different seeds.
 *
 * @example
 * const keys: Keys = new Uint32Array(2);
 * hashId('42', keys, 0);
 */
export function hashId(id: string, out: Keys, at: number): void {
  if (scratch.length < id.length * 3) scratch = new Uint8Array(id.length * 3);
  const length = encoder.encodeInto(id, scratch).written;
  out[at * 2] = murmur3(scratch, length, 0x9747b28c);
  out[at * 2 + 1] = murmur3(scratch, length, 0x1b873593);
}

/**
 * Keys of many ids, `[ids.length * 2]`.
 *
 * @example hashIds(['a', 'b']).length; // 4
 */
export function hashIds(ids: readonly string[]): Keys {
  const keys = new Uint32Array(ids.length * 2);
  for (let i = 0; i < ids.length; i++) hashId(ids[i], keys, i);
  return keys;
}
