import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

import { delay, waitFor } from '@gatehouse/runtime';
import { createCleanup, holdPort } from '@gatehouse/testing';

import type { ItemIndex, ItemIndexStore } from '../item-index';
import { idsOf, plane, point, query } from '../under-test.fixture';
import { QdrantRefusedError, QdrantUnavailableError } from './qdrant-errors';
import { openQdrantItemIndexStore } from './qdrant-item-index-store';
import { describeQdrant, openQdrantStore, testSettings } from './server.fixture';

jest.setTimeout(60_000);

const parts = { secrets: { environment: process.env }, delay, random: () => 0 };

describeQdrant('a Qdrant server in trouble', () => {
  const cleanup = createCleanup();
  const listen = async (answer: RequestListener): Promise<string> => {
    const server = createServer(answer);
    cleanup.add(() => {
      server.closeAllConnections();
      server.close();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  let store: ItemIndexStore;
  let close: () => Promise<void>;
  const { url } = testSettings();
  /** The stand-in engine can be told to fail; a server cannot, so there these tests show that nothing is wrong without a fault. */
  const fault = (body?: object) =>
    fetch(`${url}/__fault`, body ? { method: 'PUT', body: JSON.stringify(body) } : { method: 'DELETE' });
  beforeEach(async () => {
    ({ store, close } = await openQdrantStore());
  });
  afterEach(async () => {
    await fault();
    await close();
    await cleanup.run();
  });

  const build = async () => {
    const index = await store.create('1-1.1', plane);
    await index.upsert([point('a', [1, 0]), point('b', [0, 1])]);
    await index.seal();
    return index;
  };

  it.each([
    ['refuses', { failNext: 1, status: 503 }],
    ['closes', { dropNext: 1 }],
    ['applies but does not acknowledge', { loseAckNext: 1 }],
  ])('a write that the server %s the first time is there in the end, once', async (_, once) => {
    const index = await build();
    await fault(once);
    await index.upsert([point('c', [2, 0])]);
    expect(idsOf(await index.search(query([1, 0], 5)))).toEqual(['c', 'a', 'b']);
    await fault(once);
    await index.remove(['a']);
    expect(await index.count()).toBe(2);
    await fault(once);
    await store.activate('1-1.1');
    expect(await store.active()).toBe('1-1.1');
  });

  it.each([
    ['refuses', { failNext: 1, status: 503 }],
    ['closes', { dropNext: 1 }],
    ['applies but does not acknowledge', { loseAckNext: 1 }],
  ])('an index whose creation the server %s the first time is made', async (_, once) => {
    await fault(once);
    const index = await build();
    expect(await index.count()).toBe(2);
    await fault(once);
    await store.drop('1-1.1');
    expect(await store.list()).toEqual([]);
  });

  it('searches fail in words while nobody listens, and the next one after it is back succeeds', async () => {
    const port = await holdPort(cleanup);
    await cleanup.run(); // nobody listens there any more
    const nobody = openQdrantItemIndexStore(testSettings({ url: `http://127.0.0.1:${port}` }), parts);
    await expect(nobody.list()).rejects.toThrow(/^Qdrant, list: fetch failed \(ECONNREFUSED\): see that it runs/);
    await expect(nobody.list()).rejects.toThrow('not asked, for the last 5 calls failed');
    const index = await build();
    await fault({ errorRate: 1, status: 500, scope: 'all' });
    await expect(index.search(query([1, 0], 1))).rejects.toBeInstanceOf(QdrantUnavailableError);
    await fault();
    const isBack = () =>
      index.search(query([1, 0], 1)).then(
        () => true,
        () => false,
      );
    await waitFor(isBack, { what: 'the breaker to close', timeoutMs: 10_000, everyMs: 50 });
  });

  it('a server that is too slow is given up in time', async () => {
    const silent = await listen(() => undefined); // takes requests and never answers
    const slow = openQdrantItemIndexStore(testSettings({ url: silent, timeoutMs: 100 }), parts);
    await expect(slow.list()).rejects.toThrow('Qdrant, list: no answer in time: see that it runs');
  });

  it.each<[string, (index: ItemIndex, signal: AbortSignal) => Promise<unknown>]>([
    ['search', (index, signal) => index.search(query([1, 0], 1, { signal }))],
    ['lookup', (index, signal) => index.get(['a'], signal)],
  ])('a %s that is called off does not wait for a slow server', async (_, begin) => {
    const index = await build();
    await fault({ latencyMs: 2000, scope: 'all' });
    const stop = new AbortController();
    const called = begin(index, stop.signal);
    stop.abort(new Error('caller left'));
    const counting = index.count(); // as slow
    const first = await Promise.race([called.catch((error: unknown) => error), counting]);
    expect(first).toEqual(new Error('caller left'));
    await counting;
  });

  it('an answer of 401 names the setting of the key', async () => {
    const refusing = await listen((_, response) => response.writeHead(401).end('{"status":{"error":"Unauthorized"}}'));
    const wrong = openQdrantItemIndexStore(testSettings({ url: refusing }), parts);
    await expect(wrong.list()).rejects.toBeInstanceOf(QdrantRefusedError);
    await expect(wrong.list()).rejects.toThrow('refused with 401');
  });
});
