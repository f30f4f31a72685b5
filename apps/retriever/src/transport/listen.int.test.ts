import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';

import { createCandidateClient } from '@gatehouse/client';
import { SettingsError } from '@gatehouse/runtime';

import { listen } from './listen';
import { startTestServer } from './transport.fixture';

const hasIpv6 = Object.values(networkInterfaces()).some((each) => each?.some(({ address }) => address === '::1'));

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (let close = closing.pop(); close; close = closing.pop()) await close();
});

async function answersOn(host: string, address: (port: number) => string): Promise<void> {
  const { port, stop } = await startTestServer({ host });
  closing.push(stop);
  const client = createCandidateClient({ address: address(port), deadlineMs: 5000 });
  closing.push(() => client.close());
  expect((await client.retrieve({})).modelVersion).toBe('1-1');
}

test('on an IPv4 address', () => answersOn('127.0.0.1', (port) => `127.0.0.1:${port}`));

test('on a name, on each of its addresses', () => answersOn('localhost', (port) => `127.0.0.1:${port}`));

(hasIpv6 ? test : test.skip).each(['::1', '[::1]'])('on an IPv6 address written %s', (host) =>
  answersOn(host, (port) => `[::1]:${port}`),
);

test('on a Unix socket', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'retriever-'));
  closing.push(() => rm(folder, { recursive: true }));
  const path = join(folder, 'socket');
  await answersOn(`unix:${path}`, () => `unix:${path}`);
});

test('on a Unix socket whose server was killed, but not on one that is served', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'listen-'));
  closing.push(() => rm(folder, { recursive: true }));
  const path = join(folder, 'socket');
  const code = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => console.log('listens'))`;
  const before = spawn(process.execPath, ['-e', code]);
  await once(before.stdout, 'data');
  await expect(startTestServer({ host: `unix:${path}` })).rejects.toThrow(`cannot listen on ${path}`);
  before.kill('SIGKILL');
  await once(before, 'exit');
  await answersOn(`unix:${path}`, () => `unix:${path}`);
});

test('a port in use is told with its address', async () => {
  const occupier = createServer().listen(0, '127.0.0.1');
  await once(occupier, 'listening');
  closing.push(() => occupier.close());
  const { port } = occupier.address() as { port: number };
  await expect(listen({ host: '127.0.0.1', port }, () => undefined)).rejects.toThrow(
    `cannot listen on 127.0.0.1:${port}: port in use`,
  );
});

test('an address of another machine, and a name that nobody knows, are told', async () => {
  await expect(listen({ host: '192.0.2.1', port: 0 }, () => undefined)).rejects.toThrow(
    'cannot listen on 192.0.2.1:0: address not available',
  );
  await expect(listen({ host: 'no-such-host.invalid', port: 0 }, () => undefined)).rejects.toThrow('unknown host');
});

test('TLS on a Unix socket is refused', async () => {
  const tls = { certFile: 'x', keyFile: 'x', reloadMs: 1000 };
  await expect(startTestServer({ host: 'unix:/x', tls })).rejects.toThrow(SettingsError);
});

test('silent connections do not hold up the end', async () => {
  const { port, server, transport, stop } = await startTestServer();
  closing.push(stop);
  const silent = connect(port, '127.0.0.1').resume();
  const closed = once(silent, 'close');
  closing.push(() => silent.destroy());
  await once(silent, 'connect');
  await expect(
    (async () => {
      while (transport.open === 0) await new Promise(setImmediate);
    })(),
  ).resolves.toBeUndefined();
  const ended = transport.close();
  await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
  await ended;
  await closed;
});
