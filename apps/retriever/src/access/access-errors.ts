/** Why a call was not accepted as anybody's; for the log alone, because a caller could learn from it what to try next. */
export type Refusal = 'no-credentials' | 'malformed' | 'oversize' | 'unknown-token' | 'bad-jwt';

/** Nobody known calls. The message is the same for every reason. */
export class UnauthenticatedError extends Error {
  override readonly name = 'UnauthenticatedError';
  constructor(readonly refusal: Refusal) {
    super('expected valid credentials');
  }
}

/** The caller is known, and no entry of the policy gives this method to it. */
export class PermissionDeniedError extends Error {
  override readonly name = 'PermissionDeniedError';
  constructor() {
    super('the policy does not give this method to the caller');
  }
}

/** The caller asks more often, or for more at a time, than it may. */
export class LimitExceededError extends Error {
  override readonly name = 'LimitExceededError';
  constructor(
    limit: string,
    /** Pause after which another try can succeed. */
    readonly pushbackMs: number,
  ) {
    super(`expected at most ${limit}; try again in ${pushbackMs} ms`);
  }
}
