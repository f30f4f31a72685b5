import { BrokenCircuitError, circuitBreaker, ConsecutiveBreaker, handleWhen } from 'cockatiel';

import { CallCancelledError, OutOfTimeError } from '../call-errors';
import type { CandidateSource } from './candidate-source';

/** A source failed several times in a row and is not asked for a moment. */
export class SourceSparedError extends Error {
  override readonly name = 'SourceSparedError';
  constructor() {
    super('failed several times in a row; it is asked again in a moment');
  }
}

const failuresInRow = 5;
/** A source that had less than this is not to blame when time runs out: a caller may set any deadline. */
const enoughMs = 200;

/**
 * Stops asking a source that fails, so that calls do not spend their time, and the places of other calls, on an index that is away or hangs:
 * after five failures in a row it is not asked for `pauseMs`, then by one call.
 */
export function spareFailing(source: CandidateSource, monotonicMs: () => number, pauseMs = 1_000): CandidateSource {
  const isItsFault = (error: Error): boolean =>
    !(error instanceof CallCancelledError || error instanceof TooLittleTimeError);
  const breaker = circuitBreaker(handleWhen(isItsFault), {
    halfOpenAfter: pauseMs,
    breaker: new ConsecutiveBreaker(failuresInRow),
  });
  return async (request) => {
    try {
      return await breaker.execute(async () => {
        const beganMs = monotonicMs();
        try {
          return await source(request);
        } catch (error) {
          if (error instanceof OutOfTimeError && monotonicMs() - beganMs < enoughMs)
            throw new TooLittleTimeError(error);
          throw error;
        }
      });
    } catch (error) {
      if (error instanceof TooLittleTimeError) throw error.cause;
      throw error instanceof BrokenCircuitError ? new SourceSparedError() : error;
    }
  };
}

/** Carries what does not count past the breaker. */
class TooLittleTimeError extends Error {
  constructor(override readonly cause: OutOfTimeError) {
    super(cause.message);
  }
}
