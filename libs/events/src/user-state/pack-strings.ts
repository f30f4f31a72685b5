/** Strings as their UTF-8 bytes one after the other: string i is `bytes[offsets[i] .. offsets[i + 1]]`. */
export interface PackedStrings {
  readonly bytes: Uint8Array;
  /** `[count + 1]` */
  readonly offsets: Uint32Array;
}

/** Packs strings; at most 4 GiB of them. */
export function packStrings(strings: readonly string[]): PackedStrings {
  const offsets = new Uint32Array(strings.length + 1);
  let total = 0;
  for (const [i, text] of strings.entries()) {
    total += Buffer.byteLength(text);
    offsets[i + 1] = total;
  }
  if (total > 0xffffffff) throw new RangeError(`strings: expected at most 4 GiB, found ${total} bytes`);
  const bytes = new Uint8Array(total);
  const encoder = new TextEncoder();
  for (const [i, text] of strings.entries()) encoder.encodeInto(text, bytes.subarray(offsets[i]));
  return { bytes, offsets };
}

/**
 * The inverse of {@link packStrings}.
 *
 * @throws RangeError when the offsets do not cover the bytes in order.
 */
export function unpackStrings({ bytes, offsets }: PackedStrings): string[] {
  checkOffsets('strings', offsets, bytes.length);
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const strings: string[] = [];
  for (let i = 1; i < offsets.length; i++) strings.push(buffer.toString('utf8', offsets[i - 1], offsets[i]));
  return strings;
}

/** Refuses offsets that do not rise from 0 to `end`. */
export function checkOffsets(name: string, offsets: Uint32Array, end: number): void {
  const isOrdered = offsets.every((offset, i) => i === 0 || offset >= offsets[i - 1]);
  if (offsets[0] === 0 && offsets[offsets.length - 1] === end && isOrdered) return;
  throw new RangeError(`${name}: expected offsets rising from 0 to ${end}, found others`);
}
