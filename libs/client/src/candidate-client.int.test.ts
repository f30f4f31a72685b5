import { EventEmitter, once } from 'node:events';

import {
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  status,
  type sendUnaryData,
  type ServerUnaryCall,
} from '@grpc/grpc-js';
import {
  type CandidateServiceServer,
  CandidateServiceService,
  type RetrieveRequest,
  RetrieveResponse,
} from '@gatehouse/proto';

import { InvalidQueryError, OverloadedError } from './call-errors';
import {
  type CandidateClient,
  type CandidateClientOptions,
  createCandidateClient,
  InsecureAddressError,
  PlaintextTokenError,
} from './candidate-client';

type Retrieve = (
  call: ServerUnaryCall<RetrieveRequest, RetrieveResponse>,
  reply: sendUnaryData<RetrieveResponse>,
) => void;

let server: Server;
let client: CandidateClient;
let calls: number;

/** Starts a server whose Retrieve behaves as given, and a client of it. */
async function start(retrieve: Retrieve, options: Partial<CandidateClientOptions> = {}): Promise<void> {
  calls = 0;
  server = new Server();
  const handlers: CandidateServiceServer = {
    retrieve: (call, reply) => {
      calls++;
      retrieve(call, reply);
    },
    batchRetrieve: (call, reply) =>
      reply(null, { responses: call.request.requests.map(({ userId }) => answer(userId ?? '')) }),
    similarItems: (call, reply) =>
      reply(null, {
        candidates: [{ itemId: `like ${call.request.itemId}`, score: 1, sources: [] }],
        modelVersion: '1-1',
        indexVersion: '1-1.1',
        searchEffort: 0,
        freshness: undefined,
      }),
  };
  server.addService(CandidateServiceService, handlers);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  client = createCandidateClient({ address: `127.0.0.1:${port}`, ...options });
}

const answer = (modelVersion: string): RetrieveResponse => RetrieveResponse.fromPartial({ modelVersion });

afterEach(() => {
  client.close();
  server.forceShutdown();
});

test('every method reaches its own', async () => {
  await start((call, reply) => reply(null, answer(`for ${call.request.userId ?? 'nobody'}`)));
  expect((await client.retrieve({ userId: 'u1' })).modelVersion).toBe('for u1');
  const batch = await client.batchRetrieve([{ userId: 'a' }, { userId: 'b' }]);
  expect(batch.responses.map(({ modelVersion }) => modelVersion)).toEqual(['a', 'b']);
  expect((await client.similarItems({ itemId: 'm1' })).candidates[0].itemId).toBe('like m1');
});

test('UNAVAILABLE is tried again, up to three times in all', async () => {
  await start((_, reply) => (calls < 3 ? reply({ code: status.UNAVAILABLE }) : reply(null, answer('third'))));
  expect((await client.retrieve({})).modelVersion).toBe('third');
  expect(calls).toBe(3);
});

test.each([status.INVALID_ARGUMENT, status.INTERNAL, status.RESOURCE_EXHAUSTED])(
  'code %s is not tried again and arrives as it was sent',
  async (code) => {
    await start((_, reply) => reply({ code, details: 'limit: expected 1 to 1000, found 5000' }));
    await expect(client.retrieve({})).rejects.toMatchObject({ code, details: 'limit: expected 1 to 1000, found 5000' });
    expect(calls).toBe(1);
  },
);

test('the class of an error says what to do', async () => {
  await start((call, reply) => {
    const metadata = new Metadata();
    metadata.set('grpc-retry-pushback-ms', '700');
    if (call.request.userId === 'busy') reply({ code: status.RESOURCE_EXHAUSTED, details: 'too many', metadata });
    else reply({ code: status.INVALID_ARGUMENT, details: 'limit: expected 1 to 1000, found 5000' });
  });
  const shed: unknown = await client.retrieve({ userId: 'busy' }).catch((error: unknown) => error);
  expect(shed).toBeInstanceOf(OverloadedError);
  expect(shed).toMatchObject({ retryAfterMs: 700, isRetriable: true });
  const refused: unknown = await client.retrieve({ limit: 5000 }).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(InvalidQueryError);
  expect(refused).toMatchObject({ field: 'limit', message: 'INVALID_ARGUMENT: limit: expected 1 to 1000, found 5000' });
});

test('a call always has a deadline', async () => {
  await start((call, reply) => reply(null, answer(String(Number(call.getDeadline()) - Date.now()))));
  expect(Number((await client.retrieve({})).modelVersion)).toBeLessThanOrEqual(1000);
  await expect(client.retrieve({}, { deadlineMs: 0 })).rejects.toMatchObject({ code: status.DEADLINE_EXCEEDED });
});

test('an abort cancels the call on the server too', async () => {
  const abort = new AbortController();
  const serverNoticed = new EventEmitter();
  const noticed = once(serverNoticed, 'cancelled');
  await start((call) => {
    call.on('cancelled', () => serverNoticed.emit('cancelled'));
    abort.abort();
  });
  const cancelled = { code: status.CANCELLED };
  await expect(client.retrieve({}, { signal: abort.signal, deadlineMs: 60_000 })).rejects.toMatchObject(cancelled);
  await noticed;
  await expect(client.retrieve({}, { signal: AbortSignal.abort() })).rejects.toMatchObject(cancelled);
});

test('plaintext to another machine needs a word', async () => {
  await start((_, reply) => reply(null, answer('')));
  expect(() => createCandidateClient({ address: '192.0.2.1:50051' })).toThrow(InsecureAddressError);
  createCandidateClient({ address: '192.0.2.1:50051', insecure: true }).close();
});

describe('a token', () => {
  const tell: Retrieve = (call, reply) => reply(null, answer(call.metadata.get('authorization').join()));
  const told = async () => (await client.retrieve({})).modelVersion;

  test.each([
    [{ token: 't1' }, 'Bearer t1'],
    [{}, ''],
  ])('%j is sent as %j', async (options, header) => {
    await start(tell, options);
    expect(await told()).toBe(header);
  });

  test('may come from a function, anew for each call', async () => {
    let issued = 0;
    await start(tell, { token: async () => `t${++issued}` });
    expect([await told(), await told()]).toEqual(['Bearer t1', 'Bearer t2']);
  });

  test('that cannot be had fails the call, and nothing is sent', async () => {
    await start(tell, { token: () => Promise.reject(new Error('issuer is down')) });
    await expect(client.retrieve({})).rejects.toThrow('issuer is down');
    expect(calls).toBe(0);
  });

  test.each(['', 'a b', 'a\nb', 'hunter2é'])('that is none is not quoted: %j', async (token) => {
    await start(tell, { token });
    await expect(client.retrieve({})).rejects.toThrow('token: expected a bearer token, found something else');
    await expect(client.similarItems({ itemId: 'm1' })).rejects.toThrow(TypeError);
  });

  test('is not sent in plaintext to another machine', async () => {
    await start(tell);
    const create = (options: object) => () =>
      createCandidateClient({ address: '192.0.2.1:50051', token: 't1', ...options }).close();
    expect(create({ insecure: true })).toThrow(PlaintextTokenError);
    expect(create({ credentials: credentials.createInsecure() })).toThrow(PlaintextTokenError);
    expect(create({ credentials: credentials.createSsl() })).not.toThrow();
  });
});
