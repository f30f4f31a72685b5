import { type Delay, retry } from '@gatehouse/runtime';
import { BrokenCircuitError, circuitBreaker, ConsecutiveBreaker, handleType } from 'cockatiel';

import { QdrantRefusedError, QdrantUnavailableError } from './qdrant-errors';

/** Calls in all, the first included. */
const attempts = 5;
/** Bounds of the pauses between them: full jitter in [0, 0.1 s 2^n), at most 10 s. */
const [baseMs, maxMs] = [100, 10_000];
/** Retries per first call, on average, and how many may be saved up: an engine that is down must not be asked five times as often. */
const [retryShare, maxRetryTokens] = [0.1, 10];
/** Outages in a row after which nothing is asked, and how long. */
const [breakerFailures, breakerOpenMs] = [5, 2000];

/** Runs calls to Qdrant. */
export interface QdrantCalls {
  /**
   * Runs a call that is safe to repeat: on an outage again, with full jitter, within a budget over all calls.
   *
   * @param name of the call, for messages, such as `upsert 1-7.1`.
   * @throws QdrantUnavailableError, QdrantRefusedError.
   */
  run<T>(name: string, call: () => Promise<T>): Promise<T>;
}

/** Collaborators of {@link createQdrantCalls}. */
export interface QdrantCallOptions {
  readonly delay: Delay;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/**
 * Creates the rules for calls to one server: retries with a budget, and a circuit breaker that all calls share. While it is open, a call
 * fails at once; after 2 s one call tries whether the server is back.
 */
export function createQdrantCalls({ delay, random }: QdrantCallOptions): QdrantCalls {
  const breaker = circuitBreaker(handleType(QdrantUnavailableError), {
    halfOpenAfter: breakerOpenMs,
    breaker: new ConsecutiveBreaker(breakerFailures),
  });
  let tokens = maxRetryTokens;
  const takeToken = (): boolean => tokens >= 1 && tokens-- >= 1;

  return {
    run: async (name, call) => {
      tokens = Math.min(maxRetryTokens, tokens + retryShare);
      const once = () => breaker.execute(() => call().catch((error: unknown) => Promise.reject(explain(name, error))));
      try {
        return await retry(once, {
          attempts,
          baseMs,
          maxMs,
          random,
          delay,
          isRetriable: (error) => error instanceof QdrantUnavailableError && takeToken(),
        });
      } catch (error) {
        if (error instanceof BrokenCircuitError)
          throw new QdrantUnavailableError(name, `not asked, for the last ${breakerFailures} calls failed`);
        throw error;
      }
    },
  };
}

/** What the client throws, in our words. */
function explain(name: string, error: unknown): Error {
  if (error instanceof TypeError && error.cause === undefined) return error; // a mistake: fetch gives a cause
  const status = statusOf(error);
  if (status === undefined) return new QdrantUnavailableError(name, reasonOf(error), { cause: error });
  const reason = `${status} ${reasonOf(error)}`;
  if (status === 408 || status === 429 || status >= 500)
    return new QdrantUnavailableError(name, reason, { cause: error });
  return new QdrantRefusedError(name, status, reasonOf(error), { cause: error });
}

function statusOf(error: unknown): number | undefined {
  const { status } = error as { readonly status?: unknown };
  return typeof status === 'number' ? status : undefined;
}

/** The parts of an error that say something. */
interface Said {
  readonly name?: string;
  readonly message?: string;
  readonly code?: string;
  readonly cause?: Said;
  /** Body of an answer. */
  readonly data?: { readonly status?: { readonly error?: unknown } };
}

function reasonOf(error: unknown): string {
  const { name = '', message = String(error), cause, data } = error as Said;
  // The second is what ends a request; the client makes the first of it where it knows it for an error.
  if (name === 'QdrantClientTimeoutError' || name === 'AbortError') return 'no answer in time';
  const said = data?.status?.error;
  if (typeof said === 'string') return said;
  return cause ? `${message} (${cause.code ?? cause.message ?? 'no reason given'})` : message;
}
