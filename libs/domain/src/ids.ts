/** Opaque id of a user: a string of 1 to {@link maxIdBytes} UTF-8 bytes. */
export type UserId = string;
/** Opaque id of an item: a string of 1 to {@link maxIdBytes} UTF-8 bytes. */
export type ItemId = string;

/** Longest id in UTF-8 bytes: ids are stored, hashed and sent as they are, so their size is bounded. */
export const maxIdBytes = 128;

/**
 * Says what is wrong with an id, or `undefined` when it is a string of 1 to 128 UTF-8 bytes.
 *
 * @example
 * idProblem('42'); // undefined
 * idProblem('');   // 'expected 1 to 128 bytes, found 0'
 */
export function idProblem(id: unknown): string | undefined {
  if (typeof id !== 'string') return `expected a string, found ${id === null ? 'null' : typeof id}`;
  const bytes = Buffer.byteLength(id, 'utf8');
  if (bytes < 1 || bytes > maxIdBytes) return `expected 1 to ${maxIdBytes} bytes, found ${bytes}`;
  return undefined;
}
