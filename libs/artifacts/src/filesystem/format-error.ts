/** Bytes that break their own format. Whoever knows which file they came from says so in an error of its own. */
export class FormatError extends Error {
  override readonly name = 'FormatError';
}
