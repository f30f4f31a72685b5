import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';

import { status } from '@grpc/grpc-js';
import { type CandidateClient, createCandidateClient } from '@gatehouse/client';
import { waitFor } from '@gatehouse/runtime';

import { type AttackName, attack, attacks } from './hostile-client.fixture';
import { type Answer, bigAnswer, startTestServer } from './transport.fixture';

const soon = { timeoutMs: 10_000, everyMs: 5 };
/** Short, so that slow attacks end soon; those that count frames and bytes have their defaults. */
const limits = { firstRequestMs: 300, requestMs: 300, answerMs: 300, ageGraceMs: 100 };

const request = {
  ':method': 'POST',
  ':path': '/gatehouse.v1.CandidateService/Retrieve',
  'content-type': 'application/grpc',
  te: 'trailers',
};

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (let close = closing.pop(); close; close = closing.pop()) await close();
});

async function start(
  changed: Partial<typeof limits & { keepaliveMs: number; keepaliveTimeoutMs: number }> = {},
  answer?: Answer,
) {
  const server = await startTestServer({ limits: { ...limits, ...changed } }, answer);
  closing.push(server.stop);
  const client = createCandidateClient({ address: `127.0.0.1:${server.port}`, deadlineMs: 5000 });
  closing.push(() => client.close());
  return { ...server, client };
}

/** Calls one after the other, until told to stop. Resolves to their number; rejects when one fails. */
function keepCalling(client: CandidateClient): { readonly stop: () => Promise<number> } {
  let calling = true;
  const run = async (): Promise<number> => {
    let answered = 0;
    for (; calling || answered === 0; answered++) await client.retrieve({});
    return answered;
  };
  const running = run();
  running.catch(() => undefined); // told by stop
  return {
    stop: () => {
      calling = false;
      return running;
    },
  };
}

test.each<[AttackName, string, number]>([
  // Name, why it is closed, and how many calls it may bring to a handler.
  ['silent', 'no-request', 0],
  ['half a preface', 'no-request', 0],
  ['no request', 'no-request', 0],
  ['half a request', 'request-too-slow', 0],
  ['answers not taken', 'answer-not-taken', 1],
  ['stream flood', 'protocol-error', 0],
  ['rapid reset', 'too-many-resets', 0],
  ['ping flood', 'too-many-control-frames', 0],
  ['settings flood', 'too-many-control-frames', 0],
  ['window flood', 'too-many-bytes', 0],
  ['priority flood', 'too-many-bytes or protocol-error', 0], // newer nghttp2 ends it by itself
  ['empty data flood', 'protocol-error', 0],
  ['unknown frames', 'too-many-bytes or protocol-error', 0],
  ['continuation flood', 'protocol-error', 0],
  ['oversize headers', 'headers-too-large', 0],
])('%s: its connection is closed for %s, and others are answered', async (name, why, callsAllowed) => {
  const { client, port, ends, callers } = await start({}, bigAnswer);
  await client.retrieve({});
  const healthy = keepCalling(client);
  const hostile = attack(port, attacks[name]);
  closing.push(hostile.stop);
  await waitFor(() => hostile.socket.destroyed, { what: `the end of "${name}"`, ...soon });
  await waitFor(() => ends.length > 0, { what: 'its reason', ...soon });
  expect(ends).toHaveLength(1);
  expect(why.split(' or ')).toContain(ends[0]);
  const answered = await healthy.stop();
  expect(callers.length - 1 - answered).toBeLessThanOrEqual(callsAllowed);
});

test('one who does not answer pings is gone', async () => {
  const { client, port, transport } = await start({ keepaliveMs: 100, keepaliveTimeoutMs: 100 });
  const hostile = attack(port, attacks['one call']);
  closing.push(hostile.stop);
  await client.retrieve({});
  await waitFor(() => hostile.socket.destroyed, { what: 'the end of the half-open connection', ...soon });
  await client.retrieve({});
  expect(transport.open).toBe(1);
});

test('a peer that floods anew and anew runs out of places, and others do not', async () => {
  const server = await startTestServer({ limits: { connectionsPerPeer: 3, penaltyMs: 60_000 } });
  closing.push(server.stop);
  for (let i = 0; i < 5; i++) {
    const hostile = attack(server.port, attacks['ping flood'], '127.0.0.2');
    closing.push(hostile.stop);
    await hostile.closed;
  }
  await waitFor(() => server.ends.length === 5, { what: 'the last end', ...soon });
  expect(server.ends.slice(3)).toEqual(['peer-full', 'peer-full']);
  const client = createCandidateClient({ address: `127.0.0.1:${server.port}`, deadlineMs: 5000 });
  closing.push(() => client.close());
  expect((await client.retrieve({})).modelVersion).toBe('1-1');
});

test('when all places are taken by silent connections, a new one still gets in', async () => {
  const server = await startTestServer({ limits: { connections: 20, firstRequestMs: 60_000 } });
  closing.push(server.stop);
  const silent = Array.from({ length: 20 }, (_, i) => attack(server.port, attacks.silent, `127.0.0.${2 + (i % 4)}`));
  closing.push(() => silent.forEach(({ stop }) => stop()));
  await waitFor(() => server.transport.open === 20, { what: 'the full house', ...soon });
  const client = createCandidateClient({ address: `127.0.0.1:${server.port}`, deadlineMs: 5000 });
  closing.push(() => client.close());
  await client.retrieve({});
  expect(server.ends).toEqual(['evicted']);
  expect(server.transport.open).toBe(20);
});

test('a connection without calls is closed after its time, and one with a call after its age', async () => {
  const server = await startTestServer({ limits: { idleMs: 200, ageMs: 1000, ageGraceMs: 100 } }, () => undefined);
  closing.push(server.stop);
  const connection = connectHttp2(`http://127.0.0.1:${server.port}`);
  closing.push(() => connection.destroy());
  connection.on('error', () => undefined);
  const idle = connectHttp2(`http://127.0.0.1:${server.port}`);
  closing.push(() => idle.destroy());
  idle.request(request).end(Buffer.alloc(5)).close(8);
  const goaway = once(connection, 'goaway');
  const call = connection.request(request).end(Buffer.alloc(5));
  call.on('error', () => undefined);
  await once(idle, 'close');
  expect(connection.closed).toBe(false);
  await goaway;
  await once(connection, 'close');
});

test('a connection has so many calls at a time, and the others wait on the side of the client', async () => {
  const server = await startTestServer({ limits: { streamsPerConnection: 10 } }, () => undefined);
  closing.push(server.stop);
  const connection = connectHttp2(`http://127.0.0.1:${server.port}`);
  closing.push(() => connection.destroy());
  await once(connection, 'remoteSettings');
  const calls = Array.from({ length: 15 }, () => connection.request(request).end(Buffer.alloc(5)));
  for (const call of calls) call.on('error', () => undefined);
  await waitFor(() => server.callers.length === 10, { what: 'ten calls', ...soon });
  calls[0].close(8);
  await waitFor(() => server.callers.length === 11, { what: 'the eleventh', ...soon });
});

test('calls that are cancelled now and then close nothing', async () => {
  const { client, ends } = await start({}, () => undefined);
  for (let i = 0; i < 40; i++) {
    const abort = new AbortController();
    const call = client.retrieve({}, { signal: abort.signal });
    setImmediate(() => abort.abort());
    await expect(call).rejects.toMatchObject({ code: status.CANCELLED });
  }
  expect(ends).toEqual([]);
});
