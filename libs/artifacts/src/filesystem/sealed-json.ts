import { createHash } from 'node:crypto';

import { FormatError } from './format-error';

const firstLine = /^\{ "sha256": "([0-9a-f]{64})",\n/;
const firstLineBytes = 80;

/**
 * Writes an object as JSON whose first field is the SHA-256 of every byte after the first line. So the file stays plain JSON,
 * and yet a single flipped bit anywhere in it is found: in the first line by its fixed form, elsewhere by the hash.
 *
 * @example sealJson({ version: '3-17' });
 * // { "sha256": "1c4…",
 * //   "version": "3-17"
 * // }
 */
export function sealJson(value: object): Uint8Array {
  const rest = Buffer.from(`${JSON.stringify(value, null, 2).slice('{\n'.length)}\n`, 'utf8');
  return Buffer.concat([Buffer.from(`{ "sha256": "${sha256(rest)}",\n`, 'utf8'), rest]);
}

/**
 * Reads what {@link sealJson} wrote. The caller checks the fields with `parseFields`.
 *
 * @throws FormatError when any byte differs from what was written.
 */
export function openSealedJson(bytes: Uint8Array): unknown {
  const found = firstLine.exec(Buffer.from(bytes.subarray(0, firstLineBytes)).toString('latin1'))?.[1];
  if (found === undefined) throw new FormatError('expected a first line with a SHA-256, found none');
  const rest = Buffer.from(bytes.subarray(firstLineBytes));
  const expected = sha256(rest);
  if (found !== expected) throw new FormatError(`expected SHA-256 ${expected}, found ${found}`);
  try {
    return JSON.parse(`{\n${rest.toString('utf8')}`);
  } catch (cause) {
    throw new FormatError('expected JSON', { cause });
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
