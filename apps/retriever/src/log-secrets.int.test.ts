import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Client, credentials, logVerbosity, Metadata, setLogger, setLogVerbosity, status } from '@grpc/grpc-js';
import { createProfileTable, userProfileFormat } from '@gatehouse/events';
import { createMemoryCompactedTopic, createMemoryItemCatalogue, createUserState } from '@gatehouse/events/memory';
import { BatchRetrieveRequest, RetrieveRequest, SimilarItemsRequest } from '@gatehouse/proto';
import { createMetrics, createLogger, delay, systemClock, waitFor } from '@gatehouse/runtime';

import { audience, createIssuer, issuer } from './access/jwt.fixture';
import { methodNames } from './access/method-names';
import { retrieverConfig } from './config';
import { quietGrpc } from './quiet-grpc';
import { createFakeIndex, createFakeModels, createFakeTowers } from './retriever.fixture';
import { startRetriever } from './start-retriever';

const soon = { timeoutMs: 5000, everyMs: 5 };
/** Planted in tokens and requests; whatever holds this word must not be in a log. */
const canary = 'canary';
const token = `t-${canary}-good`;
const [user, item, phone] = [`u-${canary}`, `i-${canary}.1`, `${canary} phone`];

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (let close = closing.pop(); close; close = closing.pop()) await close();
  setLogVerbosity(logVerbosity.NONE);
});

/** A retriever whose index fails and quotes what it was asked, or waits when `hold` is excluded. */
async function start() {
  const folder = await mkdtemp(join(tmpdir(), 'secrets-'));
  closing.push(() => rm(folder, { recursive: true }));
  const lines: string[] = [];
  const logger = createLogger({ app: 'retriever', level: 'debug', destination: { write: (line) => lines.push(line) } });
  setLogger(quietGrpc(logger));
  setLogVerbosity(logVerbosity.DEBUG);
  const [tokenFile, jwksFile] = [join(folder, 'tokens'), join(folder, 'jwks.json')];
  const jwtIssuer = await createIssuer('k1', Date.now());
  await writeFile(tokenFile, `ranker sha256:${createHash('sha256').update(token).digest('hex')}\n`);
  await writeFile(jwksFile, jwtIssuer.jwks);
  let held: (() => void)[] = [];
  let quoted = '';
  const models = createFakeModels();
  models.point({ version: '1-1', indexId: '1-1.1' });
  const rules = { historyLimit: 10, seenLimit: 10, entersHistory: () => true, marksSeen: () => true };
  const retriever = await startRetriever(
    {
      models,
      loadParts: models.load,
      indexes: {
        open: async (indexId) =>
          createFakeIndex(indexId, async ({ exclude, vector, signal }) => {
            if (!signal) return []; // warming up
            if (!exclude?.has('hold')) {
              const cause = new Error(`asked without ${[...(exclude ?? [])].join(' and ')}`);
              throw new Error(`search of ${JSON.stringify([...vector, 0.123456, 7, 8])} for ${quoted}`, { cause });
            }
            await new Promise<void>((resolve) => held.push(resolve));
            return [];
          }),
      },
      towers: createFakeTowers(),
      source: {
        read: async function* (_, signal) {
          await once(signal, 'abort');
        },
        earliestOffsets: async () => ({}),
        endOffsets: async () => ({}),
      },
      items: createMemoryItemCatalogue(),
      profiles: createProfileTable(createMemoryCompactedTopic(userProfileFormat)),
      openUsers: () => Object.assign(createUserState(rules), { close: async () => undefined }),
      nobody: () => createUserState(rules).snapshot(),
      metrics: createMetrics('test_'),
      clock: systemClock,
      delay,
      logger,
    },
    retrieverConfig.parse({
      port: 0,
      access: {
        tokens: { file: tokenFile },
        jwt: { jwksFile, issuer, audience },
        policy: [{ principals: ['token:ranker'], methods: methodNames.filter((name) => !name.includes('Health')) }],
        limits: { maxInFlight: 3 },
      },
      pollMs: 10,
      calls: { maxConcurrent: 1, maxWaiting: 1 },
      drain: { noticeMs: 0, timeoutMs: 1000 },
    }),
  );
  closing.push(() => retriever.stop());
  await waitFor(() => lines.some((line) => line.includes('version.adopted')), { what: 'a version', ...soon });
  const client = new Client(`127.0.0.1:${retriever.port}`, credentials.createInsecure());
  closing.push(() => client.close());
  const release = (): void => {
    for (const resolve of held) resolve();
    held = [];
  };
  /** What the index quotes when it fails. */
  const quote = (text: string): void => void (quoted = text);
  return { retriever, client, lines, jwtIssuer, release, quote, heldCalls: () => held.length };
}

const bytes = (value: Buffer): Buffer => value;

function ask(client: Client, method: string, request: Uint8Array, authorization?: string): Promise<status> {
  const metadata = new Metadata();
  if (authorization !== undefined) metadata.set('authorization', authorization);
  metadata.set('x-user', user);
  const path = method.includes('/') ? `/${method}` : `/gatehouse.v1.CandidateService/${method}`;
  return new Promise((resolve) => {
    client.makeUnaryRequest(
      path,
      bytes,
      bytes,
      Buffer.from(request),
      metadata,
      { deadline: Date.now() + 5000 },
      (error) => resolve(error?.code ?? status.OK),
    );
  });
}

/** Sends a header that grpc-js cannot read. */
async function askWithHeader(port: number, authorization: string): Promise<void> {
  const session = connect(`http://127.0.0.1:${port}`);
  const stream = session.request({
    ':method': 'POST',
    ':path': '/gatehouse.v1.CandidateService/Retrieve',
    'content-type': 'application/grpc',
    authorization,
  });
  await new Promise((resolve) => stream.on('response', resolve).on('error', resolve).end());
  session.destroy();
}

test('no token, user, item or vector is in a log, however calls fail', async () => {
  const { retriever, client, lines, jwtIssuer, release, quote, heldCalls } = await start();
  const good = `Bearer ${token}`;
  const retrieve = (changed: Parameters<typeof RetrieveRequest.fromPartial>[0] = {}): Uint8Array =>
    RetrieveRequest.encode(
      RetrieveRequest.fromPartial({
        userId: user,
        context: new Map([['device', { kind: { $case: 'stringValue', value: phone } }]]),
        excludeItemIds: [item],
        ...changed,
      }),
    ).finish();
  const similar = SimilarItemsRequest.encode(SimilarItemsRequest.fromPartial({ itemId: item })).finish();
  const batch = BatchRetrieveRequest.encode(
    BatchRetrieveRequest.fromPartial({ requests: [{ userId: user, excludeItemIds: [item] }] }),
  ).finish();
  const { INTERNAL, INVALID_ARGUMENT, UNAUTHENTICATED, PERMISSION_DENIED, RESOURCE_EXHAUSTED, UNIMPLEMENTED } = status;
  const hold = retrieve({ excludeItemIds: [item, 'hold'] });

  quote(`${user} on ${phone}`);
  expect(await ask(client, 'Retrieve', retrieve(), good)).toBe(INTERNAL);
  quote(user);
  expect(await ask(client, 'BatchRetrieve', batch, good)).toBe(INTERNAL);
  quote(item);
  expect(await ask(client, 'SimilarItems', similar, good)).toBe(INTERNAL);
  expect(await ask(client, 'Retrieve', retrieve({ sources: [item] }), good)).toBe(INVALID_ARGUMENT);
  expect(await ask(client, 'Retrieve', retrieve({ userId: user.repeat(50) }), good)).toBe(INVALID_ARGUMENT);
  expect(await ask(client, 'Retrieve', Buffer.from(user), good)).toBe(INVALID_ARGUMENT);
  expect(await ask(client, 'Retrieve', Buffer.alloc(300_000, user), good)).toBe(RESOURCE_EXHAUSTED);
  expect(await ask(client, user, retrieve(), good)).toBe(UNIMPLEMENTED);
  expect(await ask(client, 'Retrieve', retrieve())).toBe(UNAUTHENTICATED);
  expect(await ask(client, 'Retrieve', retrieve(), `Bearer t-${canary}-bad`)).toBe(UNAUTHENTICATED);
  expect(await ask(client, 'Retrieve', retrieve(), `Basic t-${canary}-bad`)).toBe(UNAUTHENTICATED);
  const jwt = await jwtIssuer.sign({ sub: canary });
  const expired = await jwtIssuer.sign({ sub: canary, exp: 1 });
  expect(await ask(client, 'Retrieve', retrieve(), `Bearer ${jwt}`)).toBe(PERMISSION_DENIED);
  expect(await ask(client, 'Retrieve', retrieve(), `Bearer ${expired}`)).toBe(UNAUTHENTICATED);
  expect(await ask(client, 'grpc.health.v1.Health/Check', Buffer.alloc(0), good)).toBe(PERMISSION_DENIED);
  await askWithHeader(retriever.port, `Bearer t-${canary}-é`);
  // Overload: one is in work, one waits, and a third is shed.
  const working = ask(client, 'Retrieve', hold, good);
  await waitFor(() => heldCalls() === 1, { what: 'a call in work', ...soon });
  const waiting = ask(client, 'Retrieve', hold, good);
  expect(await ask(client, 'Retrieve', hold, good)).toBe(RESOURCE_EXHAUSTED);
  release();
  expect(await working).toBe(status.OK);
  await waitFor(() => heldCalls() === 1, { what: 'the one that waited in work', ...soon });
  release();
  expect(await waiting).toBe(status.OK);

  const log = lines.join('');
  for (const milestone of ['call.failed', 'access.refused', 'grpc.said', 'candidates.served'])
    expect(log).toContain(milestone);
  for (const secret of [canary, token, jwt, expired, '0.123456']) expect(log).not.toContain(secret);
});
