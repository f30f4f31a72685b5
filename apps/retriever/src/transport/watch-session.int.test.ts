import { connect, type ClientHttp2Stream, constants } from 'node:http2';
import { once } from 'node:events';

import { waitFor } from '@gatehouse/runtime';

import { startTestServer } from './transport.fixture';

const closing: (() => unknown)[] = [];
afterEach(() => {
  for (let close = closing.pop(); close; close = closing.pop()) close();
});

/** A connection to a server that lets a peer break off two calls, and none in time. Calls are answered when told. */
async function setUp() {
  const answers: (() => void)[] = [];
  const limits = { streamsPerConnection: 2, resetsPerSecond: 1 };
  const { port, stop, ends, callers } = await startTestServer({ limits }, (_, reply) => {
    answers.push(() => reply(null, undefined));
  });
  closing.push(stop);
  const session = connect(`http://127.0.0.1:${port}`).on('error', () => undefined);
  closing.push(() => session.destroy());
  /** Begins a call, and resolves once it is in work. */
  const call = async (): Promise<ClientHttp2Stream> => {
    const before = callers.length;
    const stream = session.request({
      ':method': 'POST',
      ':path': '/gatehouse.v1.CandidateService/Retrieve',
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    stream.on('error', () => undefined).resume();
    stream.end(Buffer.alloc(5)); // an empty message
    await waitFor(() => callers.length > before || session.destroyed, { what: 'a call', timeoutMs: 5000, everyMs: 1 });
    return stream;
  };
  const complete = async (): Promise<void> => {
    const stream = await call();
    answers.pop()?.();
    await once(stream, 'close');
  };
  const breakOff = async (): Promise<void> => {
    const stream = await call();
    stream.close(constants.NGHTTP2_CANCEL);
    await waitFor(() => stream.destroyed, { what: 'the end of the call', timeoutMs: 5000, everyMs: 1 });
  };
  return { complete, breakOff, session, ends };
}

test('who breaks off a third of the calls is served on', async () => {
  const { complete, breakOff, session, ends } = await setUp();
  for (let n = 0; n < 30; n++) {
    await complete();
    await complete();
    await breakOff();
  }
  expect(session.destroyed).toBe(false);
  expect(ends).toEqual([]);
});

test('who breaks off all of them is not', async () => {
  const { breakOff, session, ends } = await setUp();
  for (let n = 0; n < 30 && !session.destroyed; n++) await breakOff();
  await waitFor(() => session.destroyed, { what: 'the end of the connection', timeoutMs: 5000, everyMs: 1 });
  expect(ends).toEqual(['too-many-resets']);
});
