/** Text of an id or a name: a string as it is, a JSON number as it prints when it is whole; anything else is none. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : undefined;
}
