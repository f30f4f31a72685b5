import { rename, writeFile } from 'node:fs/promises';

import { status } from '@grpc/grpc-js';
import { BatchRetrieveRequest, RetrieveResponse } from '@gatehouse/proto';
import { waitFor } from '@gatehouse/runtime';

import { call, type Ending, sha256, startGuarded } from './guarded-server.fixture';
import { audience, createIssuer, forge, issuer } from './jwt.fixture';
import { healthMethods, methodNames } from './method-names';

const soon = { timeoutMs: 5000, everyMs: 5 };
const retrieve = { path: '/gatehouse.v1.CandidateService/Retrieve' };
const batch = { path: '/gatehouse.v1.CandidateService/BatchRetrieve' };
const mayRetrieve = { policy: [{ principals: ['token:known', 'jwt:ranker'], methods: [retrieve.path.slice(1)] }] };

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (let close = closing.pop(); close; close = closing.pop()) await close();
});

async function start(...args: Parameters<typeof startGuarded>) {
  const guarded = await startGuarded(...args);
  closing.push(guarded.close);
  return guarded;
}

describe('every method of the server', () => {
  test('is one that a policy can name', async () => {
    const { registered } = await start();
    expect(new Set(registered.map(({ type }) => type))).toEqual(new Set(['unary', 'serverStream', 'bidi']));
    expect(registered).toHaveLength(methodNames.length);
    for (const { path } of registered) expect(methodNames).toContain(path.slice(1));
  });

  test.each([
    ['without credentials', undefined, status.UNAUTHENTICATED],
    ['with a wrong token', 'Bearer t-wrong', status.UNAUTHENTICATED],
    ['with a good token that the policy gives nothing', 'Bearer t-known', status.PERMISSION_DENIED],
  ])('%s reaches no handler', async (_, authorization, code) => {
    const { client, registered } = await start();
    for (const method of registered)
      expect([method, await call(client, method, authorization)]).toMatchObject([method, { code }]);
    expect(registered.map(({ reached }) => reached)).toEqual(registered.map(() => 0));
  });

  test('reaches its handler when the policy gives it', async () => {
    const { client, registered } = await start({ policy: [{ roles: ['serving'], methods: methodNames }] });
    for (const method of registered) await call(client, method, 'Bearer t-known');
    expect(registered.map(({ reached }) => reached)).toEqual(registered.map(() => 1));
  });

  test('one that is public needs no credentials, and the others still do', async () => {
    const { client, registered } = await start({ public: healthMethods });
    for (const method of registered) await call(client, method);
    expect(registered.filter(({ reached }) => reached > 0).map(({ path }) => path.slice(1))).toEqual(healthMethods);
  });
});

test('a call of nobody is the same to the caller, whatever is wrong', async () => {
  const { client, jwtIssuer, registered, logger } = await start(mayRetrieve);
  const stranger = await createIssuer('k1', Date.now());
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: issuer, aud: audience, sub: 'ranker', iat: now, exp: now + 600 };
  const authorizations: Record<string, string | undefined> = {
    nothing: undefined,
    empty: '',
    'no scheme': 't-known',
    'another scheme': 'Basic t-known',
    'no token': 'Bearer ',
    'two tokens': 'Bearer t-known t-known',
    'strange characters': 'Bearer t-known"',
    'a wrong token': 'Bearer t-unknown',
    'the hash of a token': `Bearer ${sha256('t-known')}`,
    oversize: `Bearer ${'a'.repeat(8193)}`,
    'alg none': `Bearer ${forge({ alg: 'none', kid: 'k1' }, claims)}`,
    'HS256 with the public key': `Bearer ${forge({ alg: 'HS256', kid: 'k1' }, claims, jwtIssuer.jwks)}`,
    expired: `Bearer ${await jwtIssuer.sign({ iat: now - 600, exp: now - 60 })}`,
    'not yet valid': `Bearer ${await jwtIssuer.sign({ nbf: now + 60 })}`,
    'of another issuer': `Bearer ${await jwtIssuer.sign({ iss: 'https://other.example' })}`,
    'for another audience': `Bearer ${await jwtIssuer.sign({ aud: 'other' })}`,
    'without end': `Bearer ${await jwtIssuer.sign({ exp: undefined })}`,
    'too long-lived': `Bearer ${await jwtIssuer.sign({ exp: now + 3660 })}`,
    'unknown kid': `Bearer ${await jwtIssuer.sign({}, { kid: 'k2' })}`,
    "another's signature": `Bearer ${await stranger.sign()}`,
    'malformed JWT': 'Bearer a.b.c',
  };
  for (const [what, authorization] of Object.entries(authorizations)) {
    const { code, details } = await call(client, retrieve, authorization);
    expect([what, code, details]).toEqual([what, status.UNAUTHENTICATED, 'expected valid credentials']);
  }
  expect(registered.every(({ reached }) => reached === 0)).toBe(true);
  expect(new Set(logger.lines.map(({ fields }) => fields['refusal']))).toEqual(
    new Set(['no-credentials', 'malformed', 'unknown-token', 'oversize', 'bad-jwt']),
  );
});

test('a known caller is let in, by token and by JWT', async () => {
  const { client, jwtIssuer, registered } = await start(mayRetrieve);
  for (const authorization of ['Bearer t-known', 'bearer t-known', `Bearer ${await jwtIssuer.sign()}`])
    expect((await call(client, retrieve, authorization)).code).toBe(status.OK);
  expect((await call(client, retrieve, `Bearer ${await jwtIssuer.sign({ sub: 'other' })}`)).code).toBe(
    status.PERMISSION_DENIED,
  );
  expect(registered.find(({ path }) => path === retrieve.path)?.reached).toBe(3);
});

const pushbackOf = ({ code, metadata }: Ending) => [code, Number(metadata.get('grpc-retry-pushback-ms')[0])];

describe('limits', () => {
  test('calls beyond the burst are refused, and told when to come again', async () => {
    const { client, registered } = await start({ ...mayRetrieve, limits: { ratePerSecond: 0.01, burst: 2 } });
    const endings = [];
    for (let i = 0; i < 3; i++) endings.push(await call(client, retrieve, 'Bearer t-known'));
    expect(endings.map(({ code }) => code)).toEqual([status.OK, status.OK, status.RESOURCE_EXHAUSTED]);
    const [, pushbackMs] = pushbackOf(endings[2]);
    expect(pushbackMs).toBeGreaterThan(90_000); // one token takes 100 s
    expect(pushbackMs).toBeLessThanOrEqual(100_000);
    expect(registered.find(({ path }) => path === retrieve.path)?.reached).toBe(2);
  });

  test('a batch of 20 costs as much as 20 calls', async () => {
    const policy = [{ principals: ['token:known'], methods: [batch.path.slice(1)] }];
    const { client } = await start({ policy, limits: { ratePerSecond: 0.01, burst: 20 } });
    const request = BatchRetrieveRequest.encode(
      BatchRetrieveRequest.fromPartial({ requests: Array.from({ length: 20 }, () => ({})) }),
    ).finish();
    expect((await call(client, batch, 'Bearer t-known', request)).code).toBe(status.OK);
    expect((await call(client, batch, 'Bearer t-known', request)).code).toBe(status.RESOURCE_EXHAUSTED);
  });

  test('calls at a time are capped for each caller, and a call that ends or is cancelled makes room', async () => {
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    const { client, jwtIssuer, calls } = await start(
      { ...mayRetrieve, limits: { maxInFlight: 1 } },
      { retrieve: () => released.then(() => RetrieveResponse.fromPartial({})) },
    );
    const first = call(client, retrieve, 'Bearer t-known');
    await waitFor(() => calls.inFlight === 1, { what: 'the call', ...soon });
    expect(pushbackOf(await call(client, retrieve, 'Bearer t-known'))).toEqual([status.RESOURCE_EXHAUSTED, 100]);
    const other = call(client, retrieve, `Bearer ${await jwtIssuer.sign()}`);
    await waitFor(() => calls.inFlight === 2, { what: "another caller's call", ...soon });
    release();
    expect([(await first).code, (await other).code]).toEqual([status.OK, status.OK]);
    await waitFor(async () => (await call(client, retrieve, 'Bearer t-known')).code === status.OK, {
      what: 'room',
      ...soon,
    });
  });

  test('a stream counts until it ends, also when its caller vanishes', async () => {
    const watch = { path: '/grpc.health.v1.Health/Watch', type: 'serverStream' };
    const policy = [{ principals: ['token:known'], methods: [watch.path.slice(1)] }];
    const { client } = await start({ policy, limits: { maxInFlight: 1 } });
    // Each is cancelled by its caller after the first answer.
    for (let i = 0; i < 20; i++)
      await waitFor(async () => (await call(client, watch, 'Bearer t-known')).code === status.OK, {
        what: `stream ${i}`,
        ...soon,
      });
  });
});

describe('files', () => {
  const replace = async (file: string, text: string): Promise<void> => {
    await writeFile(`${file}.new`, text);
    await rename(`${file}.new`, file);
  };
  const becomes = (what: string, code: status, ask: () => Promise<Ending>) =>
    waitFor(async () => (await ask()).code === code, { what, ...soon });

  test('a changed file of tokens counts from then on; a bad one leaves all as it was', async () => {
    const { client, tokenFile, logger } = await start(mayRetrieve);
    const ask = (token: string) => () => call(client, retrieve, `Bearer ${token}`);
    await replace(tokenFile, `known sha256:${sha256('t-known')}\nknown sha256:${sha256('t-next')}\n`);
    await becomes('the next token', status.OK, ask('t-next'));
    expect((await ask('t-known')()).code).toBe(status.OK);
    await replace(tokenFile, `known sha256:${sha256('t-next')}\n`);
    await becomes('the end of the old token', status.UNAUTHENTICATED, ask('t-known'));
    await replace(tokenFile, 'known t-plain\n');
    await waitFor(() => logger.lines.some(({ line }) => line === 'error access.file-refused'), {
      what: 'a refusal',
      ...soon,
    });
    expect((await ask('t-next')()).code).toBe(status.OK);
    expect((await ask('t-plain')()).code).toBe(status.UNAUTHENTICATED);
    expect(JSON.stringify(logger.lines)).not.toContain('t-plain');
  });

  test('a key that is taken out of the set signs nobody in any more', async () => {
    const { client, jwksFile, jwtIssuer } = await start(mayRetrieve);
    const next = await createIssuer('k2', Date.now());
    const [old, fresh] = [`Bearer ${await jwtIssuer.sign()}`, `Bearer ${await next.sign()}`];
    expect((await call(client, retrieve, old)).code).toBe(status.OK);
    await replace(jwksFile, next.jwks);
    await becomes('the next key', status.OK, () => call(client, retrieve, fresh));
    expect((await call(client, retrieve, old)).code).toBe(status.UNAUTHENTICATED);
  });
});

describe('the start is refused', () => {
  test.each([
    ['without any way to prove who calls', { tokens: null, jwt: null }, 'access: expected tokens, jwt or certificates'],
    ['without the file', { tokens: { file: '/nowhere/tokens' } }, 'access.tokens.file: cannot use /nowhere/tokens'],
    ['with another file', { jwt: { jwksFile: __filename, issuer, audience } }, 'access.jwt.jwksFile: cannot use'],
  ])('%s', async (_, settings, message) => {
    await expect(start(settings)).rejects.toThrow(message);
    await expect(start(settings)).rejects.toMatchObject({ name: 'SettingsError' });
  });
});
