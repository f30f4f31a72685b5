import { createManualClock } from '@gatehouse/runtime';
import { exportJWK, generateKeyPair } from 'jose';

import { accessSettings } from './access-settings';
import { audience, type Claims, createIssuer, forge, issuer, type Issuer } from './jwt.fixture';
import { createJwtVerifier, JwksFileError, parseJwks } from './jwt-verifier';

const nowMs = 1_800_000_000_000;
const now = nowMs / 1000;
const algorithms = ['ES256', 'EdDSA', 'RS256'];
let good: Issuer;
let other: Issuer;
beforeAll(async () => {
  [good, other] = await Promise.all([createIssuer('k1', nowMs), createIssuer('k1', nowMs)]);
});

async function open(changed: object = {}) {
  const { jwt } = accessSettings.parse({ jwt: { jwksFile: 'x', issuer, audience, algorithms, ...changed } });
  const keys = await parseJwks(good.jwks, algorithms);
  return createJwtVerifier(() => keys, jwt!, createManualClock(nowMs));
}

test('the subject is the principal; a claim may hold its roles', async () => {
  const token = await good.sign({ roles: ['serving', 7] });
  expect(await (await open())(token)).toMatchObject({ principal: { id: 'jwt:ranker', roles: [] } });
  expect(await (await open({ rolesClaim: 'roles' }))(token)).toMatchObject({
    principal: { id: 'jwt:ranker', roles: ['serving'] },
  });
  expect(await (await open({ rolesClaim: 'groups' }))(token)).toMatchObject({
    principal: { id: 'jwt:ranker', roles: [] },
  });
});

test('it says until when the token is valid, the tolerance included', async () => {
  expect((await (await open())(await good.sign({ exp: now + 60 }))).untilMs).toBe(nowMs + 60_000 + 10_000);
});

const accepted: [string, Claims][] = [
  ['for 60 minutes', { exp: now + 3600 }],
  ['10 s past its end, within the tolerance', { iat: now - 600, exp: now - 9 }],
  ['10 s before its start, within the tolerance', { nbf: now + 10 }],
  ['for several audiences', { aud: ['other', audience] }],
];
test.each(accepted)('a token %s is accepted', async (_, claims) => {
  expect((await (await open())(await good.sign(claims))).principal.id).toBe('jwt:ranker');
});

const refused: [string, () => Promise<string> | string][] = [
  ['expired', () => good.sign({ iat: now - 600, exp: now - 11 })],
  ['not yet valid', () => good.sign({ nbf: now + 11 })],
  ['issued in the future', () => good.sign({ iat: now + 60, exp: now + 120 })],
  ['of another issuer', () => good.sign({ iss: 'https://other.example' })],
  ['of no issuer', () => good.sign({ iss: undefined })],
  ['for another audience', () => good.sign({ aud: 'other' })],
  ['for no audience', () => good.sign({ aud: undefined })],
  ['without exp', () => good.sign({ exp: undefined })],
  ['without iat', () => good.sign({ iat: undefined })],
  ['without sub', () => good.sign({ sub: undefined })],
  ['with an empty sub', () => good.sign({ sub: '' })],
  ['with a sub of several lines', () => good.sign({ sub: 'a\nb' })],
  ['with a sub of 129 characters', () => good.sign({ sub: 'a'.repeat(129) })],
  ['with an exp that is text', () => good.sign({ exp: String(now + 60) })],
  ['that lives for 61 minutes', () => good.sign({ exp: now + 3660 })],
  ['issued long ago and for long', () => good.sign({ iat: now - 86_400, exp: now + 60 })],
  ['of an unknown kid', () => good.sign({}, { kid: 'k2' })],
  ["by another's key of the same kid", () => other.sign()],
  ['with alg none', () => forge({ alg: 'none', kid: 'k1' }, claimsOf())],
  ['with alg None', () => forge({ alg: 'None', kid: 'k1' }, claimsOf())],
  ['with HS256 and the public key as secret', () => forge({ alg: 'HS256', kid: 'k1' }, claimsOf(), good.jwks)],
  ['with HS256 and x as secret', () => forge({ alg: 'HS256', kid: 'k1' }, claimsOf(), good.jwk.x)],
  ['with a key of its own', async () => good.sign({}, { jwk: other.jwk, kid: 'mine' })],
  ['with a critical header that nobody knows', async () => forge({ alg: 'ES256', kid: 'k1', crit: ['b'], b: 1 }, {})],
  ['whose payload was changed', async () => tampered(await good.sign(), 1)],
  ['whose signature was changed', async () => tampered(await good.sign(), 2)],
  ['of three empty parts', () => '..'],
  ['of noise', () => 'a.b.c'],
  ['of two parts', () => 'a.b'],
];
test.each(refused)('a token %s is refused', async (_, token) => {
  await expect((await open())(await token())).rejects.toThrow();
});

const claimsOf = () => ({ iss: issuer, aud: audience, sub: 'ranker', iat: now, exp: now + 600 });

function tampered(token: string, part: number): string {
  const parts = token.split('.');
  const [first] = parts[part];
  parts[part] = (first === 'A' ? 'B' : 'A') + parts[part].slice(1);
  return parts.join('.');
}

describe('a file of keys', () => {
  const read = (keys: unknown) => parseJwks(JSON.stringify({ keys }), algorithms);

  test('may hold keys of every allowed kind, with or without alg', async () => {
    const [rsa, okp] = await Promise.all([createIssuer('r', nowMs, 'RS256'), createIssuer('o', nowMs, 'EdDSA')]);
    const withoutAlg = [good, rsa, okp].map(({ jwk }, i) => ({ ...jwk, kid: `n${i}`, alg: undefined }));
    await read([good.jwk, rsa.jwk, okp.jwk, ...withoutAlg]);
  });

  test('may hold keys for other things beside, which verify nothing', async () => {
    const encrypting = { ...other.jwk, kid: 'enc', use: 'enc', alg: 'ECDH-ES' };
    const keys = await read([encrypting, { ...other.jwk, kid: 'by-use', use: 'enc', x: 'AAAA' }, good.jwk]);
    const ask = (kid: string) => keys({ alg: 'ES256', kid }, { payload: '', signature: '' });
    await expect(ask('k1')).resolves.toBeDefined();
    for (const kid of ['enc', 'by-use']) await expect(ask(kid)).rejects.toThrow();
  });

  test.each<[string, () => unknown]>([
    ['no key', () => []],
    ['a key without kid', () => [{ ...good.jwk, kid: undefined }]],
    ['a kid twice', () => [good.jwk, other.jwk]],
    ['a shared secret', () => [{ kty: 'oct', k: 'aHVudGVyMg', kid: 'k', alg: 'HS256' }]],
    ['an algorithm that is not allowed', () => [{ ...good.jwk, alg: 'ES384' }]],
    ['an unknown curve', () => [{ ...good.jwk, alg: undefined, crv: 'P-1' }]],
    ['a point that is none', () => [{ ...good.jwk, x: 'AAAA' }]],
  ])('with %s is refused', async (_, keys) => {
    await expect(read(keys())).rejects.toThrow(JwksFileError);
    await expect(read(keys())).rejects.not.toThrow('aHVudGVyMg');
  });

  test('with a private key is refused', async () => {
    const { privateKey } = await generateKeyPair('ES256', { extractable: true });
    await expect(read([{ ...(await exportJWK(privateKey)), kid: 'k' }])).rejects.toThrow(
      'expected 1 to 100 public keys',
    );
  });

  test('with an RSA key of 1024 bits is refused', async () => {
    const { publicKey } = await generateKeyPair('RS256', { modulusLength: 2048, extractable: true });
    const { e } = await exportJWK(publicKey);
    const n = Buffer.alloc(128, 255).toString('base64url');
    await expect(read([{ kty: 'RSA', e, n, kid: 'k' }])).rejects.toThrow('expected at least 2048 bits, found 1024');
  });

  test('that is no JSON is refused without quoting it', async () => {
    await expect(parseJwks('hunter2', algorithms)).rejects.toThrow('expected a JWK set, found no JSON');
  });
});
