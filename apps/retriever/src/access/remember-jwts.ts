import { createHash } from 'node:crypto';

import type { Clock } from '@gatehouse/runtime';

import type { JwtVerifier, VerifyJwt } from './jwt-verifier';

/** Tokens that are remembered: a caller has one or two at a time. */
const maxRemembered = 1000;

/** A token that was found valid, and until when it is. */
type Remembered = Awaited<ReturnType<VerifyJwt>>;

/**
 * Verifies each JWT once: the same one comes with every call for up to an hour, and a signature takes longer to check than all else that
 * is asked of a call. What was verified counts until the token ends, or the keys change.
 *
 * @param keys what tokens are verified with now; another value after each change.
 */
export function rememberJwts(verify: VerifyJwt, keys: () => unknown, clock: Clock): JwtVerifier {
  const remembered = new Map<string, Remembered>(); // by the hash of the token, the oldest first
  let keysOfAll: unknown;
  return async (token) => {
    const keysBefore = keys();
    if (keysBefore !== keysOfAll) remembered.clear();
    keysOfAll = keysBefore;
    const hash = createHash('sha256').update(token).digest('base64');
    const known = remembered.get(hash);
    if (known && clock.nowMs() < known.untilMs) return known.principal;
    remembered.delete(hash);
    const verified = await verify(token);
    if (keys() === keysBefore) {
      remembered.set(hash, verified);
      if (remembered.size > maxRemembered) remembered.delete(remembered.keys().next().value as string);
    }
    return verified.principal;
  };
}
