import { once } from 'node:events';
import { connect, createServer } from 'node:net';

import {
  type Client,
  credentials,
  logVerbosity,
  makeGenericClientConstructor,
  setLogVerbosity,
  status,
} from '@grpc/grpc-js';
import { createMemoryItemCatalogue, createUserState } from '@gatehouse/events/memory';
import { CandidateServiceClient, RetrieveRequest } from '@gatehouse/proto';
import { createMetrics, delay, systemClock, waitFor } from '@gatehouse/runtime';
import { service as healthService } from 'grpc-health-check';

import { CallCancelledError } from './call-errors';
import {
  createFakeIndex,
  createFakeModels,
  createFakeTowers,
  createRecordingLogger,
  hitsOf,
} from './retriever.fixture';
import { type RunningRetriever, startRetriever } from './start-retriever';
import {
  closing,
  clientOf,
  named,
  noProfiles,
  rulesOf,
  type Search,
  settings,
  soon,
  start,
} from './started-retriever.fixture';

jest.setTimeout(30_000);
setLogVerbosity(logVerbosity.NONE); // it would tell of the address in use on its own

/** The health service, as a load balancer asks it. */
function healthOf({ port }: RunningRetriever) {
  const HealthClient = makeGenericClientConstructor(healthService, 'health');
  const client = new HealthClient(`127.0.0.1:${port}`, credentials.createInsecure());
  closing.push(() => client.close());
  return client;
}

const healthStatus = (client: Client, service = ''): Promise<string> =>
  new Promise((resolve, reject) => {
    const { Check: check } = healthService;
    client.makeUnaryRequest(
      check.path,
      check.requestSerialize,
      check.responseDeserialize,
      { service },
      (error, reply) => (error ? reject(error) : resolve((reply as { status: string }).status)),
    );
  });

test('it says NOT_SERVING and UNAVAILABLE until the first version is adopted', async () => {
  const { retriever, client, serve } = await start();
  const health = healthOf(retriever);
  expect(await healthStatus(health)).toBe('NOT_SERVING');
  await expect(client.retrieve({})).rejects.toMatchObject({ code: status.UNAVAILABLE });
  await serve('1-1');
  await waitFor(async () => (await healthStatus(health, 'gatehouse.v1.CandidateService')) === 'SERVING', {
    what: 'SERVING',
    ...soon,
  });
  const { candidates, modelVersion } = await client.retrieve({ limit: 1 });
  expect(candidates.map(({ itemId }) => itemId)).toEqual(['v1-h0-0']);
  expect(modelVersion).toBe('1-1');
});

test("an event changes its user's next answer, and nobody else's, with no new version", async () => {
  const { client, serve, sink } = await start();
  await serve('1-1');
  const best = async (userId: string) => (await client.retrieve({ userId, limit: 1 })).candidates[0].itemId;
  expect(await best('u')).toBe('v1-h0-0');
  await sink.append([{ eventId: 'e1', userId: 'u', itemId: 'm1', eventTimeMs: 1234, action: 'click' }]);
  await waitFor(async () => (await best('u')) === 'v1-h1-0', { what: 'the event in the answer', ...soon });
  expect((await client.retrieve({ userId: 'u' })).freshness?.userEventTimeMs).toBe(1234);
  expect(await best('other')).toBe('v1-h0-0');
});

test('answers stay whole while versions change under load', async () => {
  const { client, serve } = await start();
  await serve('1-1');
  let switching = true;
  closing.push(() => {
    switching = false; // also when the test fails
  });
  const versions = new Set<string>();
  const ask = async () => {
    while (switching) {
      const { modelVersion, indexVersion, candidates } = await client.retrieve({ limit: 5, sources: ['two-tower'] });
      versions.add(modelVersion);
      expect(indexVersion).toBe(`${modelVersion}.1`);
      expect(candidates.map(({ itemId }) => itemId.split('-')[0])).toEqual(
        Array.from({ length: 5 }, () => `v${modelVersion.split('-')[1]}`),
      );
    }
  };
  const load = Array.from({ length: 16 }, ask);
  for (let sequence = 2; sequence <= 10; sequence++) await serve(`1-${sequence}`);
  switching = false;
  await Promise.all(load);
  expect(versions.size).toBeGreaterThan(2);
});

test('a cancelled call ends its search', async () => {
  const seen: AbortSignal[] = [];
  const untilAbort: Search = async ({ signal, vector }) => {
    if (!signal) return hitsOf(`${vector[0]}`); // warming up
    seen.push(signal);
    await once(signal, 'abort');
    throw signal.reason;
  };
  const { client, serve } = await start(untilAbort);
  await serve('1-1');
  const abort = new AbortController();
  const call = client.retrieve({ userId: 'u' }, { signal: abort.signal });
  await waitFor(() => seen.length === 1, { what: 'the search', ...soon });
  abort.abort();
  await expect(call).rejects.toMatchObject({ code: status.CANCELLED });
  await waitFor(() => seen[0].aborted, { what: 'the abort of the search', ...soon });
  expect(seen[0].reason).toBeInstanceOf(CallCancelledError);
  expect(seen).toHaveLength(1);
});

test('a call without a deadline gets one from the server, however the search behaves', async () => {
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  const deaf: Search = async ({ signal }) => {
    if (signal) await released;
    return [];
  };
  const { retriever, serve } = await start(deaf, { calls: { ...settings.calls, defaultDeadlineMs: 50 } });
  await serve('1-1');
  const error = await callRaw(retriever, RetrieveRequest.encode(RetrieveRequest.fromPartial({})).finish());
  release();
  expect(error).toMatchObject({ code: status.DEADLINE_EXCEEDED });
});

/** Sends bytes as a Retrieve request, without deadline or retry, and gives back the error. */
function callRaw({ port }: RunningRetriever, bytes: Uint8Array): Promise<unknown> {
  const stub = new CandidateServiceClient(`127.0.0.1:${port}`, credentials.createInsecure());
  closing.push(() => stub.close());
  return new Promise((resolve) => {
    stub.makeUnaryRequest(
      '/gatehouse.v1.CandidateService/Retrieve',
      (request: Buffer) => request,
      (reply) => reply,
      Buffer.from(bytes),
      (error) => resolve(error),
    );
  });
}

test.each([
  ['no protobuf', Buffer.from('ffffffff', 'hex'), status.INVALID_ARGUMENT],
  ['text that is not UTF-8', Buffer.from('0a0361c362', 'hex'), status.INVALID_ARGUMENT],
  ['a 64-bit time beyond a double', Buffer.from('1a0c0a0a10ffffffffffffffff7f', 'hex'), status.INVALID_ARGUMENT],
  ['a filter nested beyond the stack', nestedFilter(40_000), status.INVALID_ARGUMENT],
  ['more than 256 KiB', Buffer.alloc(256 * 1024 + 1), status.RESOURCE_EXHAUSTED],
])('%s is refused, and the next call served', async (_, bytes, code) => {
  const { retriever, client, serve } = await start();
  await serve('1-1');
  expect(await callRaw(retriever, bytes)).toMatchObject({ code });
  expect((await client.retrieve({ limit: 1 })).candidates).toHaveLength(1);
});

/** `filter = 6` (tag 0x32) holding `not = 3` (tag 0x1a) as often as fits about 200 KB. */
function nestedFilter(depth: number): Buffer {
  const prefixes: Buffer[] = [];
  let length = 0;
  for (let level = 0; level <= depth && length < 200_000; level++) {
    const varint: number[] = [];
    for (let rest = length; ; rest >>>= 7) {
      varint.push(rest > 127 ? (rest & 127) | 128 : rest);
      if (rest <= 127) break;
    }
    prefixes.push(Buffer.from([0x1a, ...varint]));
    length += varint.length + 1;
  }
  prefixes[prefixes.length - 1][0] = 0x32;
  return Buffer.concat(prefixes.reverse());
}

test('calls beyond the limit are shed, and the others answered', async () => {
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  let searches = 0;
  const held: Search = async ({ signal, vector }) => {
    if (!signal) return [];
    searches++;
    await released;
    return hitsOf(`v${vector[0]}`);
  };
  const { client, serve } = await start(held, { calls: { ...settings.calls, maxConcurrent: 2, maxWaiting: 2 } });
  await serve('1-1');
  const working = [client.retrieve({}), client.retrieve({})];
  await waitFor(() => searches === 2, { what: 'two searches', ...soon });
  const waiting = [client.retrieve({}), client.retrieve({})];
  await expect(client.retrieve({})).rejects.toMatchObject({
    code: status.RESOURCE_EXHAUSTED,
    details: 'more calls than the retriever can answer; try again later, and with fewer',
  });
  release();
  const answers = await Promise.all([...working, ...waiting]);
  expect(answers.map(({ candidates }) => candidates.length)).toEqual([1, 1, 1, 1]);
});

test('an address in use is one clear line', async () => {
  const occupier = createServer().listen(0, '127.0.0.1');
  await once(occupier, 'listening');
  closing.push(() => occupier.close());
  const { port } = occupier.address() as { port: number };
  await expect(start(named, { port })).rejects.toThrow(`cannot listen on 127.0.0.1:${port}: port in use`);
});

test('plaintext for other machines needs a word', async () => {
  await expect(start(named, { host: '0.0.0.0' })).rejects.toThrow(
    'access: expected settings, because host 0.0.0.0 is not loopback',
  );
});

test('users that cannot be opened end the retriever', async () => {
  const models = createFakeModels();
  models.point({ version: '1-1', indexId: '1-1.1' });
  const retriever = await startRetriever(
    {
      models,
      loadParts: models.load,
      indexes: { open: async (indexId) => createFakeIndex(indexId, named) },
      towers: createFakeTowers(),
      source: {
        read: () => (async function* () {})(),
        earliestOffsets: async () => ({}),
        endOffsets: async () => ({}),
      },
      items: createMemoryItemCatalogue(),
      profiles: noProfiles(),
      openUsers: () => {
        throw new Error('var/user-state: not a folder');
      },
      nobody: (schema) => createUserState(rulesOf(schema)).snapshot(),
      metrics: createMetrics('test_'),
      clock: systemClock,
      delay,
      logger: createRecordingLogger(),
    },
    settings,
  );
  closing.push(() => retriever.stop());
  await expect(retriever.failed).rejects.toThrow('var/user-state: not a folder');
});

test('stopping one of two under load fails no call', async () => {
  const slow: Search = async (request) => {
    await delay(2);
    return named(request);
  };
  const [first, second] = [await start(slow), await start(slow)];
  await Promise.all([first.serve('1-1'), second.serve('1-2')]);
  const both = clientOf(`ipv4:127.0.0.1:${first.retriever.port},127.0.0.1:${second.retriever.port}`);
  const answered = { '1-1': 0, '1-2': 0 };
  let loading = true;
  closing.push(() => {
    loading = false; // also when the test fails
  });
  const failures: unknown[] = [];
  const ask = async () => {
    while (loading) {
      await both.retrieve({ limit: 5 }).then(
        ({ modelVersion }) => answered[modelVersion as keyof typeof answered]++,
        (error: unknown) => failures.push(error),
      );
    }
  };
  const load = Array.from({ length: 48 }, ask);
  await waitFor(() => answered['1-1'] > 100 && answered['1-2'] > 100, { what: 'answers of both', ...soon });
  await first.stop();
  const before = answered['1-2'];
  await waitFor(() => answered['1-2'] > before + 200, { what: 'answers of the other', ...soon });
  loading = false;
  await Promise.all(load);
  expect(failures).toEqual([]);
  await expect(first.client.retrieve({}, { deadlineMs: 500 })).rejects.toMatchObject({ code: status.UNAVAILABLE });
});

function refusesConnections({ port }: RunningRetriever): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => resolve(true));
    socket.on('connect', () => {
      socket.destroy();
      resolve(false);
    });
  });
}

test('a call in flight is answered, and one who watches the health does not hold up the end', async () => {
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  let searching = false;
  const held: Search = async ({ signal, vector }) => {
    if (!signal) return [];
    searching = true;
    await released;
    return hitsOf(`v${vector[0]}`);
  };
  const { retriever, client, serve, stop } = await start(held);
  await serve('1-1');
  const health = healthOf(retriever);
  const { Watch: watch } = healthService;
  const watching = health.makeServerStreamRequest(watch.path, watch.requestSerialize, watch.responseDeserialize, {
    service: '',
  });
  const statuses: string[] = [];
  watching.on('data', (reply: { status: string }) => statuses.push(reply.status));
  watching.on('error', () => undefined); // its connection is cut in the end
  const call = client.retrieve({ limit: 1 });
  await waitFor(() => searching && statuses.length > 0, { what: 'a call in flight', ...soon });
  const stopping = stop();
  await waitFor(() => statuses.at(-1) === 'NOT_SERVING', { what: 'NOT_SERVING', ...soon });
  await waitFor(() => refusesConnections(retriever), { what: 'the end of accepting', ...soon });
  release();
  expect((await call).candidates).toHaveLength(1);
  await stopping;
});
