import { createHash, timingSafeEqual } from 'node:crypto';

import type { Principal } from './principal';

/** Whose a token is; undefined: nobody's. */
export type TokenTable = (token: string) => Principal | undefined;

/** A file of tokens has a line that is none. The message never quotes it, because the line may hold a secret. */
export class TokenFileError extends Error {
  override readonly name = 'TokenFileError';
}

/** Every look-up compares with all of them. */
const maxTokens = 1000;

/**
 * Reads lines of `name sha256:<hash of the token in hex> [role ...]`. Empty lines and those that begin with `#` are left out. A name
 * may have several lines, so that a new token can come before the old one goes.
 *
 * @throws TokenFileError
 * @example
 * const whose = parseTokens(`ranker sha256:${sha256('s3cret')} serving`);
 * whose('s3cret'); // { id: 'token:ranker', roles: ['serving'] }
 */
export function parseTokens(text: string): TokenTable {
  const entries: { readonly digest: Buffer; readonly principal: Principal }[] = [];
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    const [name, hash, ...roles] = line.trim().split(/\s+/);
    if (name === '' || name.startsWith('#')) continue;
    const [, hex] = /^sha256:([0-9a-f]{64})$/i.exec(hash ?? '') ?? [];
    if (hex === undefined || ![name, ...roles].every((word) => /^[A-Za-z0-9._-]{1,64}$/.test(word)))
      throw new TokenFileError(
        `line ${i + 1}: expected <name> sha256:<64 hex digits> [role ...], found something else`,
      );
    const digest = Buffer.from(hex, 'hex');
    if (entries.some((other) => other.digest.equals(digest)))
      throw new TokenFileError(`line ${i + 1}: expected a token of its own, found that of an earlier line`);
    entries.push({ digest, principal: { id: `token:${name}`, roles } });
  }
  if (entries.length < 1 || entries.length > maxTokens)
    throw new TokenFileError(`expected 1 to ${maxTokens} tokens, found ${entries.length}`);
  return (token) => {
    const digest = createHash('sha256').update(token).digest();
    let found: Principal | undefined;
    // All are compared, and each whole: the time tells nothing of which one was near.
    for (const entry of entries) if (timingSafeEqual(entry.digest, digest)) found = entry.principal;
    return found;
  };
}
