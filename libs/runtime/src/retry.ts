import { type Delay, delay as realDelay } from './delay';
import { isProgrammingError } from './programming-error';

/** How {@link retry} tries again. */
export interface RetryOptions {
  /** Calls in all, the first included. */
  readonly attempts: number;
  /** Upper bound of the first pause; each further bound is twice the one before. */
  readonly baseMs: number;
  /** Upper bound of every pause. */
  readonly maxMs: number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** @default every error; never asked about mistakes in the code */
  readonly isRetriable?: (error: unknown) => boolean;
  readonly signal?: AbortSignal;
  /** @default real time */
  readonly delay?: Delay;
}

/**
 * Calls `operation` until it succeeds, with full jitter between calls: the n-th pause is uniform in
 * `[0, min(maxMs, baseMs 2^(n-1)))`, so that clients that failed together do not return together (Brooker 2015).
 *
 * `TypeError`, `RangeError` and their like are never retried: they would come again.
 *
 * @throws what the last call threw; the signal's reason when it aborts between calls.
 * @example await retry(() => index.upsert(points), { attempts: 5, baseMs: 100, maxMs: 10_000, random: Math.random });
 */
export async function retry<T>(operation: (attempt: number) => Promise<T>, options: RetryOptions): Promise<T> {
  const { attempts, baseMs, maxMs, random, isRetriable = () => true, signal, delay = realDelay } = options;
  if (!(attempts >= 1)) throw new RangeError(`retry: expected at least 1 attempt, found ${attempts}`);
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted();
    try {
      return await operation(attempt);
    } catch (error) {
      if (attempt >= attempts || isProgrammingError(error) || !isRetriable(error)) throw error;
    }
    await delay(random() * Math.min(maxMs, baseMs * 2 ** (attempt - 1)), signal);
  }
}
