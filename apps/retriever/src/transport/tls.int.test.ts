import { once } from 'node:events';
import { rename, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';

import { credentials, status } from '@grpc/grpc-js';
import { type CandidateClient, createCandidateClient } from '@gatehouse/client';
import { SettingsError, systemClock, waitFor } from '@gatehouse/runtime';
import {
  type Authority,
  type CertificateWishes,
  createAuthority,
  createCleanup,
  createSelfSigned,
  createTemporaryFolder,
  type KeyAndCertificate,
} from '@gatehouse/testing';

import { type AttackName, attackOver, attacks } from './hostile-client.fixture';
import { startTestServer } from './transport.fixture';
import type { LimitSettings } from './transport-settings';

const soon = { timeoutMs: 5000, everyMs: 5 };
const dayMs = 86_400_000;
const past = { from: new Date(Date.now() - 2 * dayMs), to: new Date(Date.now() - dayMs) };
const future = { from: new Date(Date.now() + dayMs), to: new Date(Date.now() + 2 * dayMs) };
const server: CertificateWishes = { commonName: 'retriever', ipAddresses: ['127.0.0.1'] };
const ranker: CertificateWishes = { commonName: 'ranker', uris: ['spiffe://test/ranker'], dnsNames: ['ranker.test'] };

const cleanup = createCleanup();
afterEach(() => cleanup.run());

let authority: Authority;
let foreign: Authority;
beforeAll(async () => {
  authority = await createAuthority('our authority');
  foreign = await createAuthority('their authority');
});

/** Writes the files of a server, and gives back the settings that name them. */
async function filesOf(own: Partial<KeyAndCertificate>, clientCa?: string) {
  const folder = await createTemporaryFolder(cleanup);
  const files = { certFile: join(folder, 'cert.pem'), keyFile: join(folder, 'key.pem') };
  const clientCaFile = join(folder, 'ca.pem');
  if (own.cert !== undefined) await writeFile(files.certFile, own.cert);
  if (own.key !== undefined) await writeFile(files.keyFile, own.key);
  if (clientCa !== undefined) await writeFile(clientCaFile, clientCa);
  return { ...files, ...(clientCa !== undefined && { clientCaFile }), reloadMs: 10 };
}

interface Choices {
  readonly own?: KeyAndCertificate;
  readonly clientCa?: string;
  /** Moment that the server takes for now. */
  readonly nowMs?: () => number;
}

async function start({ own, clientCa, nowMs, ...limits }: Choices & Partial<LimitSettings> = {}) {
  const tls = await filesOf(own ?? (await authority.issue(server)), clientCa);
  const clock = { ...systemClock, ...(nowMs && { nowMs }) };
  const started = await startTestServer({ tls, limits }, undefined, clock);
  cleanup.add(started.stop);
  return { ...started, tls };
}

function clientOf(port: number, own?: KeyAndCertificate, ca = authority.cert): CandidateClient {
  const client = createCandidateClient({
    address: `127.0.0.1:${port}`,
    credentials: credentials.createSsl(
      Buffer.from(ca),
      own ? Buffer.from(own.key) : null,
      own ? Buffer.from(own.cert) : null,
    ),
    deadlineMs: 5000,
  });
  cleanup.add(() => client.close());
  return client;
}

/** A connection to a server without checking whom it belongs to. */
async function handshake(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['h2'], ...options });
  cleanup.add(() => void socket.destroy());
  await once(socket, 'secureConnect');
  socket.on('error', () => undefined);
  return socket.resume();
}

test('an authority of ours on both sides: answered, with TLS 1.3, and the caller is known by name', async () => {
  const { port, callers } = await start({ clientCa: authority.cert });
  const client = clientOf(port, await authority.issue(ranker));
  expect((await client.retrieve({})).modelVersion).toBe('1-1');
  expect(callers).toEqual([
    {
      address: '127.0.0.1',
      principal: { commonName: 'ranker', dnsNames: ['ranker.test'], uris: ['spiffe://test/ranker'] },
    },
  ]);
  const own = await authority.issue(ranker);
  expect((await handshake(port, own)).getProtocol()).toBe('TLSv1.3');
});

test('without clientCaFile nobody is asked for a certificate, and nobody has a name', async () => {
  const { port, callers } = await start();
  await clientOf(port, await authority.issue(ranker)).retrieve({});
  expect(callers).toEqual([{ address: '127.0.0.1' }]);
});

test('TLS 1.2 is taken, 1.1 is not', async () => {
  const { port } = await start();
  expect((await handshake(port, { maxVersion: 'TLSv1.2' })).getProtocol()).toBe('TLSv1.2');
  const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
  await expect(handshake(port, old)).rejects.toThrow(/protocol version|unsupported protocol/i);
  const weak = { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA' } as const; // HTTP/2 forbids it
  await expect(handshake(port, weak)).rejects.toThrow(/handshake failure/);
});

describe('certificates of clients that are refused', () => {
  const bad: Record<string, () => Promise<KeyAndCertificate | undefined>> = {
    none: async () => undefined,
    expired: () => authority.issue({ ...ranker, ...past }),
    'not yet valid': () => authority.issue({ ...ranker, ...future }),
    'self-signed': () => createSelfSigned(ranker),
    'of another authority': () => foreign.issue(ranker),
    'of an authority that only has the name of ours': async () =>
      (await createAuthority('our authority')).issue(ranker),
    'for servers only': () => authority.issue({ ...ranker, usages: ['server'] }),
    'issued by one who may not issue': async () => {
      const pretender = await authority.delegate({ commonName: 'pretender' });
      const { cert, key } = await pretender.issue(ranker);
      return { cert: cert + pretender.cert, key };
    },
  };
  test.each(Object.keys(bad))('%s', async (name) => {
    const { port, callers, ends } = await start({ clientCa: authority.cert });
    await expect(clientOf(port, await bad[name]()).retrieve({})).rejects.toMatchObject({ code: status.UNAVAILABLE });
    expect(callers).toEqual([]);
    expect(new Set(ends)).toEqual(new Set(['handshake']));
  });
});

describe('certificates of servers that clients refuse', () => {
  const bad: Record<string, () => Promise<Choices>> = {
    expired: async () => ({
      own: await authority.issue({ ...server, ...past }),
      nowMs: () => past.to.getTime() - 1000,
    }),
    'not yet valid': async () => ({
      own: await authority.issue({ ...server, ...future }),
      nowMs: () => future.from.getTime() + 1000,
    }),
    'self-signed': async () => ({ own: await createSelfSigned(server) }),
    'of another authority': async () => ({ own: await foreign.issue(server) }),
    'for another host': async () => ({ own: await authority.issue({ ...server, ipAddresses: ['127.0.0.9'] }) }),
    'without a host': async () => ({ own: await authority.issue({ commonName: '127.0.0.1', uris: ['spiffe://x/y'] }) }),
    'for clients only': async () => ({ own: await authority.issue({ ...server, usages: ['client'] }) }),
  };
  test.each(Object.keys(bad))('%s', async (name) => {
    const { port, callers } = await start(await bad[name]());
    await expect(clientOf(port).retrieve({})).rejects.toMatchObject({ code: status.UNAVAILABLE });
    expect(callers).toEqual([]);
  });
});

describe('files that stop the start', () => {
  const bad: [string, () => Promise<Parameters<typeof filesOf>>, string][] = [
    ['no certificate', async () => [{ key: 'x' }], 'tls.certFile: expected a file that can be read'],
    ['no key', async () => [{ cert: 'x' }], 'tls.keyFile: expected a file that can be read'],
    [
      'a cut certificate',
      async () => {
        const { cert, key } = await authority.issue(server);
        return [{ cert: cert.slice(0, -60), key }];
      },
      'tls.certFile: expected certificates in PEM, found a cut one',
    ],
    [
      'a cut key',
      async () => {
        const { cert, key } = await authority.issue(server);
        return [{ cert, key: key.slice(0, 80) }];
      },
      'tls.keyFile: expected an unencrypted private key in PEM',
    ],
    [
      'something else',
      async () => [{ ...(await authority.issue(server)), cert: 'certificate' }],
      'tls.certFile: expected certificates in PEM, found none',
    ],
    [
      "another certificate's key",
      async () => [{ ...(await authority.issue(server)), key: (await authority.issue(server)).key }],
      'tls.keyFile: expected the key of the certificate',
    ],
    [
      'expired',
      async () => [await authority.issue({ ...server, ...past })],
      'tls.certFile: expected a certificate that',
    ],
    [
      'not yet valid',
      async () => [await authority.issue({ ...server, ...future })],
      'tls.certFile: expected a certificate that is valid now',
    ],
    [
      'authorities that are none',
      async () => [await authority.issue(server), (await authority.issue(ranker)).cert],
      'tls.clientCaFile: expected authorities, found CN=ranker',
    ],
    [
      'no authorities',
      async () => [await authority.issue(server), ''],
      'tls.clientCaFile: expected certificates in PEM, found none',
    ],
  ];
  test.each(bad)('%s', async (_, files, message) => {
    const tls = await filesOf(...(await files()));
    const starting = startTestServer({ tls });
    await expect(starting).rejects.toThrow(SettingsError);
    await expect(starting).rejects.toThrow(message);
    const { key } = await authority.issue(server);
    await expect(starting).rejects.not.toThrow(key.slice(30, 60));
  });
});

describe('files that change', () => {
  const certificateAt = async (port: number): Promise<string> =>
    (await handshake(port)).getPeerX509Certificate()?.subject ?? '';

  test('new connections get the new certificate, and calls on the old ones go on', async () => {
    const { port, tls, logger, transport } = await start();
    const client = clientOf(port);
    let calling = true;
    const calls = (async () => {
      let answered = 0;
      for (; calling; answered++) await client.retrieve({});
      return answered;
    })();
    expect(await certificateAt(port)).toBe('CN=retriever');
    const next = await authority.issue({ ...server, commonName: 'renewed' });
    // One after the other, as tools write them: in between, the key is another certificate's.
    await writeFile(`${tls.certFile}.new`, next.cert);
    await rename(`${tls.certFile}.new`, tls.certFile);
    await waitFor(() => logger.lines.some(({ line }) => line === 'error tls.not-reloaded'), {
      what: 'the line',
      ...soon,
    });
    expect(await certificateAt(port)).toBe('CN=retriever');
    await writeFile(tls.keyFile, next.key);
    await waitFor(async () => (await certificateAt(port)) === 'CN=renewed', { what: 'the new certificate', ...soon });
    await clientOf(port).retrieve({});
    calling = false;
    expect(await calls).toBeGreaterThan(0);
    expect(transport.open).toBeGreaterThan(0);
  });

  test('a certificate ahead of the clock is put to use once it is valid', async () => {
    let nowMs = Date.now();
    const { port, tls, logger } = await start({ nowMs: () => nowMs });
    const ahead = { from: new Date(nowMs + 60_000), to: new Date(nowMs + dayMs) };
    const { key, cert } = await authority.issue({ ...server, commonName: 'ahead', ...ahead });
    await writeFile(tls.keyFile, key);
    await writeFile(tls.certFile, cert);
    const isRefused = () => logger.lines.some(({ fields }) => String(fields['error']).includes('found one from'));
    await waitFor(isRefused, { what: 'the refusal', ...soon });
    nowMs += 120_000;
    await waitFor(async () => (await certificateAt(port)) === 'CN=ahead', { what: 'the certificate', ...soon });
  });

  test('bad files change nothing, and are told once', async () => {
    const { port, tls, logger } = await start();
    const told = () => logger.lines.filter(({ line }) => line === 'error tls.not-reloaded').length;
    const { cert } = await authority.issue({ ...server, ...past });
    let expected = 0;
    for (const text of [cert, '', 'x']) {
      await writeFile(tls.certFile, text);
      expected++;
      await waitFor(() => told() >= expected, { what: `line ${expected}`, ...soon });
      await clientOf(port).retrieve({});
    }
    await clientOf(port).retrieve({});
    // An empty text may be seen while the file is being written.
    expect(told()).toBeLessThanOrEqual(expected + 2);
  });

  test('clients of an authority that was taken out are refused', async () => {
    const { port, tls, callers } = await start({ clientCa: authority.cert });
    const own = await authority.issue(ranker);
    await clientOf(port, own).retrieve({});
    await writeFile(tls.clientCaFile ?? '', foreign.cert);
    const refused = async (): Promise<boolean> => {
      const client = clientOf(port, own);
      return client.retrieve({}).then(
        () => false,
        (error: unknown) => (error as { code: status }).code === status.UNAVAILABLE,
      );
    };
    await waitFor(refused, { what: 'the refusal', ...soon });
    const theirs = clientOf(port, await foreign.issue({ ...ranker, commonName: 'theirs' }));
    await theirs.retrieve({});
    expect(callers.at(-1)?.principal?.commonName).toBe('theirs');
  });
});

describe('hostile handshakes', () => {
  test('silence is closed', async () => {
    const { port, ends } = await start({ handshakeMs: 100 });
    const socket = connect(port, '127.0.0.1').resume();
    await once(socket, 'close');
    expect(ends).toEqual(['handshake']);
  });

  test('a handshake that comes byte by byte is closed', async () => {
    const { port, ends } = await start({ handshakeMs: 200 });
    const socket = connect(port, '127.0.0.1').resume();
    socket.on('error', () => undefined);
    socket.write(Buffer.of(22, 3, 1, 64, 0)); // a record of 16 KiB begins
    const dribbling = setInterval(() => socket.write(Buffer.of(1)), 20);
    cleanup.add(() => clearInterval(dribbling));
    await once(socket, 'close');
    expect(ends).toEqual(['handshake']);
  });

  test.each<[AttackName, string]>([
    ['window flood', 'too-many-bytes'],
    ['ping flood', 'too-many-control-frames'],
    ['rapid reset', 'too-many-resets'],
    ['half a request', 'request-too-slow'],
  ])('%s after the handshake: closed for %s', async (name, why) => {
    const { port, ends } = await start({ requestMs: 200, ageGraceMs: 100 });
    const client = clientOf(port);
    await client.retrieve({});
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['h2'] });
    cleanup.add(() => void socket.destroy());
    await attackOver(socket, attacks[name], { ready: 'secureConnect' }).closed;
    await waitFor(() => ends.length > 0, { what: 'its reason', ...soon });
    expect(ends).toEqual([why]);
    await client.retrieve({});
  });

  test('when all places are taken by silent connections, a new one still gets in', async () => {
    const { port, ends, transport } = await start({ connections: 3 });
    for (let i = 0; i < 3; i++) await handshake(port);
    expect(transport.open).toBe(3);
    await clientOf(port).retrieve({});
    expect(ends).toEqual(['evicted']);
  });

  test('plaintext is closed', async () => {
    const { port, ends } = await start();
    const socket = connect(port, '127.0.0.1').resume();
    socket.on('error', () => undefined);
    socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    await once(socket, 'close');
    await waitFor(() => ends.length > 0, { what: 'its reason', ...soon });
    expect(ends).toEqual(['handshake']);
  });

  test('who does not speak HTTP/2 is closed', async () => {
    const { port, transport } = await start();
    const socket = await handshake(port, { ALPNProtocols: [] });
    await once(socket, 'close');
    await waitFor(() => transport.open === 0, { what: 'the end', ...soon });
  });

  test('silence after the handshake is closed too', async () => {
    const { port, ends } = await start({ firstRequestMs: 200 });
    const socket = await handshake(port);
    await once(socket, 'close');
    expect(ends).toEqual(['no-request']);
  });
});
