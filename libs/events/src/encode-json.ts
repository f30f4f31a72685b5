import { maxValueBytes } from './parse-json';

/**
 * JSON bytes of a record's value.
 *
 * @throws RangeError when they exceed the size that readers accept; `what` names the record in its message.
 */
export function encodeJson(what: string, value: unknown): Uint8Array {
  const bytes = Buffer.from(JSON.stringify(value));
  if (bytes.length > maxValueBytes) {
    throw new RangeError(`${what}: expected at most ${maxValueBytes} bytes, found ${bytes.length}: drop fields`);
  }
  return bytes;
}
