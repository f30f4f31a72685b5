import type { Clock } from '@gatehouse/runtime';
import { createLocalJWKSet, importJWK, jwtVerify, type JWTVerifyGetKey } from 'jose';
import { z } from 'zod';

import type { AccessSettings } from './access-settings';
import type { Principal } from './principal';

/** Whose a JWT is; rejects when it is not valid. */
export type JwtVerifier = (token: string) => Promise<Principal>;

/** Whose a JWT is, and until when it is valid (milliseconds since 1970); rejects when it is not. */
export type VerifyJwt = (token: string) => Promise<{ readonly principal: Principal; readonly untilMs: number }>;

/** A file of keys is not what it has to be. The message never quotes it. */
export class JwksFileError extends Error {
  override readonly name = 'JwksFileError';
}

/** A JWT is valid by its signature, and not by our rules. */
class JwtRefusedError extends Error {
  override readonly name = 'JwtRefusedError';
}

type JwtSettings = NonNullable<AccessSettings['jwt']>;

const jwksSchema = z.object({
  keys: z
    .array(
      z
        .looseObject({ kty: z.enum(['EC', 'OKP', 'RSA']), kid: z.string().min(1) })
        .refine((key) => !('d' in key), 'expected a public key'),
    )
    .min(1)
    .max(100),
});

/** Below, RSA keys can be broken, and jose refuses them at each call. */
const minRsaBits = 2048;

/**
 * Reads a JWK set: public keys alone, each with an id of its own, and all usable, so that a wrong one is told here and not by calls.
 *
 * @throws JwksFileError
 */
export async function parseJwks(text: string, algorithms: readonly string[]): Promise<JWTVerifyGetKey> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new JwksFileError('expected a JWK set, found no JSON');
  }
  const set = jwksSchema.safeParse(json);
  if (!set.success)
    throw new JwksFileError(
      'expected 1 to 100 public keys of type EC, OKP or RSA, each with kid, found something else',
    );
  const { keys } = set.data;
  if (new Set(keys.map(({ kid }) => kid)).size < keys.length)
    throw new JwksFileError('expected each kid once, found one twice');
  // A set may hold keys for other things beside, such as encryption: they are left out.
  const usable: typeof keys = [];
  for (const [i, key] of keys.entries()) {
    const alg = typeof key['alg'] === 'string' ? key['alg'] : defaultAlgorithm(key);
    if (!algorithms.includes(alg) || (key['use'] !== undefined && key['use'] !== 'sig')) continue;
    const imported = await importJWK(key, alg).catch(() => undefined);
    if (!imported || imported instanceof Uint8Array) throw new JwksFileError(`keys[${i}]: expected a key of ${alg}`);
    const { modulusLength = minRsaBits } = imported.algorithm as { modulusLength?: number };
    if (modulusLength < minRsaBits)
      throw new JwksFileError(`keys[${i}]: expected at least ${minRsaBits} bits, found ${modulusLength}`);
    usable.push(key);
  }
  if (usable.length === 0)
    throw new JwksFileError(`expected a key for signatures whose alg is one of ${algorithms.join(', ')}, found none`);
  return createLocalJWKSet({ keys: usable });
}

/** What a key without `alg` is for. */
function defaultAlgorithm({ kty, crv }: { kty: string; crv?: unknown }): string {
  if (kty === 'RSA') return 'RS256';
  const curves: Readonly<Record<string, string>> = { 'P-256': 'ES256', 'P-384': 'ES384', 'P-521': 'ES512' };
  return kty === 'EC' ? (curves[String(crv)] ?? 'unknown') : 'EdDSA';
}

/**
 * Creates a verifier of JWTs by one issuer for one audience: signature by an allowed algorithm and a known key; `exp`, `iat` and `sub`
 * there; not before `nbf`, not after `exp`, and not valid for longer than allowed.
 */
export function createJwtVerifier(keys: () => JWTVerifyGetKey, settings: JwtSettings, clock: Clock): VerifyJwt {
  const { issuer, audience, algorithms, maxLifetimeMs, clockToleranceMs, rolesClaim } = settings;
  return async (token) => {
    const { payload } = await jwtVerify(token, keys(), {
      issuer,
      audience,
      algorithms: [...algorithms],
      clockTolerance: clockToleranceMs / 1000,
      currentDate: new Date(clock.nowMs()),
      maxTokenAge: maxLifetimeMs / 1000, // also refuses an `iat` in the future, which would stretch the lifetime below
      requiredClaims: ['exp', 'iat', 'sub'],
    });
    const { sub, exp, iat } = payload as { sub: unknown; exp: number; iat: number };
    if ((exp - iat) * 1000 > maxLifetimeMs) throw new JwtRefusedError('lives too long');
    if (typeof sub !== 'string' || !/^[\x21-\x7e]{1,128}$/.test(sub)) throw new JwtRefusedError('sub is no name');
    const roles = rolesClaim === null ? [] : rolesOf(payload[rolesClaim]);
    return { principal: { id: `jwt:${sub}`, roles }, untilMs: exp * 1000 + clockToleranceMs };
  };
}

function rolesOf(claim: unknown): string[] {
  return Array.isArray(claim) ? claim.filter((role) => typeof role === 'string') : [];
}
