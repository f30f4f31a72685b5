import type { Clock } from '@gatehouse/runtime';

import { LimitExceededError } from './access-errors';
import type { AccessSettings } from './access-settings';

/** A call that was let in. */
export interface Admission {
  /** Counts as so many calls more: a batch costs as much as its requests one by one. May leave a debt, which later calls wait for. */
  charge(calls: number): void;
  /** The call has ended. */
  release(): void;
}

/** Lets each caller call so often, and so many times at once. */
export interface Limiter {
  /** Callers that are remembered. */
  readonly size: number;
  /** @throws LimitExceededError */
  admit(principalId: string): Admission;
}

/** A caller's token bucket, and its calls in flight. */
interface Account {
  tokens: number;
  atMs: number;
  inFlight: number;
}

/** When a call of one's own ends is not known beforehand; most take far less than this. */
const inFlightPushbackMs = 100;

/**
 * Creates a limiter: a token bucket a caller, of `burst` tokens, refilled by `ratePerSecond` on the monotonic clock; and a count of its
 * calls in flight.
 *
 * At most `maxPrincipals` are remembered. For one more, the one that was quiet for longest and has no call in flight is forgotten: its
 * bucket has refilled for longest.
 */
export function createLimiter(
  { ratePerSecond, burst, maxInFlight, maxPrincipals }: AccessSettings['limits'],
  clock: Clock,
): Limiter {
  const accounts = new Map<string, Account>(); // the one that called last at the end
  const makeRoom = (): void => {
    if (accounts.size < maxPrincipals) return;
    for (const [id, { inFlight }] of accounts)
      if (inFlight === 0) {
        accounts.delete(id);
        return;
      }
    throw new LimitExceededError(`${maxPrincipals} callers at a time`, inFlightPushbackMs);
  };
  const accountOf = (principalId: string): Account => {
    const nowMs = clock.monotonicMs();
    const account = accounts.get(principalId);
    if (!account) {
      makeRoom();
      const fresh = { tokens: burst, atMs: nowMs, inFlight: 0 };
      accounts.set(principalId, fresh);
      return fresh;
    }
    accounts.delete(principalId);
    accounts.set(principalId, account);
    account.tokens = Math.min(burst, account.tokens + ((nowMs - account.atMs) / 1000) * ratePerSecond);
    account.atMs = nowMs;
    return account;
  };
  return {
    get size() {
      return accounts.size;
    },
    admit: (principalId) => {
      const account = accountOf(principalId);
      if (account.inFlight >= maxInFlight)
        throw new LimitExceededError(`${maxInFlight} calls of one caller at a time`, inFlightPushbackMs);
      if (account.tokens < 1)
        throw new LimitExceededError(
          `${ratePerSecond} calls of one caller a second`,
          Math.ceil(((1 - account.tokens) / ratePerSecond) * 1000),
        );
      account.tokens--;
      account.inFlight++;
      let ended = false;
      return {
        charge: (calls) => {
          account.tokens -= calls;
        },
        release: () => {
          if (ended) return;
          ended = true;
          account.inFlight--;
        },
      };
    },
  };
}
