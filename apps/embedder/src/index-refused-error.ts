/** An index that must not serve; the one before it goes on serving. */
export class IndexRefusedError extends Error {
  override readonly name = 'IndexRefusedError';
  constructor(
    readonly indexId: string,
    readonly check: string,
    readonly expected: string,
    readonly found: string,
  ) {
    super(`index ${indexId} refused: ${check}: expected ${expected}, found ${found}`);
  }
}
