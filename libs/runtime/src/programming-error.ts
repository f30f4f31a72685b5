const names = new Set([
  'TypeError',
  'RangeError',
  'ReferenceError',
  'SyntaxError',
  'EvalError',
  'URIError',
  'AssertionError',
]);

/** Whether an error comes from a mistake in the code or in its arguments, so that trying again brings the same. */
export function isProgrammingError(error: unknown): boolean {
  return error instanceof Error && names.has(error.name);
}
