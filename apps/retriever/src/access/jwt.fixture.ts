import { createHmac } from 'node:crypto';

import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';

export const issuer = 'https://issuer.example';
export const audience = 'gatehouse';

/** Claims that make a token; undefined ones are left out. */
export type Claims = Readonly<Record<string, unknown>>;

/** An issuer of JWTs with one key. */
export interface Issuer {
  /** The public key, as it stands in the file. */
  readonly jwk: JWK;
  readonly jwks: string;
  /** A token; by default by `ranker`, issued now, for 10 minutes. */
  sign(claims?: Claims, header?: Readonly<Record<string, unknown>>): Promise<string>;
}

/** Creates an issuer whose key is called `kid`. @param nowMs time of issue */
export async function createIssuer(kid: string, nowMs: number, alg = 'ES256'): Promise<Issuer> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid, alg };
  const now = Math.floor(nowMs / 1000);
  return {
    jwk,
    jwks: JSON.stringify({ keys: [jwk] }),
    sign: (claims = {}, header = {}) => {
      const payload = { iss: issuer, aud: audience, sub: 'ranker', iat: now, exp: now + 600, ...claims };
      return new SignJWT(JSON.parse(JSON.stringify(payload)) as Claims)
        .setProtectedHeader({ alg, kid, ...header })
        .sign(privateKey);
    },
  };
}

/** A token of claims under any header, signed by whatever the header says or nothing. */
export function forge(header: object, claims: object, secret?: string): string {
  const encoded = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  const signature = secret === undefined ? '' : createHmac('sha256', secret).update(encoded).digest('base64url');
  return `${encoded}.${signature}`;
}
