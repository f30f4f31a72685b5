import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { credentials, status } from '@grpc/grpc-js';
import { type CandidateClient, createCandidateClient } from '@gatehouse/client';
import { createAuthority } from '@gatehouse/testing';

import { closing, named, start } from '../started-retriever.fixture';
import { accessSettings } from './access-settings';

test('with mutual TLS, the certificate of a client says what it may call', async () => {
  const authority = await createAuthority('our authority');
  const own = await authority.issue({ commonName: 'retriever', ipAddresses: ['127.0.0.1'] });
  const folder = await mkdtemp(join(tmpdir(), 'tls-'));
  closing.push(() => rm(folder, { recursive: true }));
  const tls = { certFile: join(folder, 'cert'), keyFile: join(folder, 'key'), clientCaFile: join(folder, 'ca') };
  await writeFile(tls.certFile, own.cert);
  await writeFile(tls.keyFile, own.key);
  await writeFile(tls.clientCaFile, authority.cert);
  const methods = ['gatehouse.v1.CandidateService/Retrieve'];
  const access = accessSettings.parse({ policy: [{ principals: ['peer:spiffe://test/ranker'], methods }] });
  const { retriever, serve } = await start(named, { tls: { ...tls, reloadMs: 10_000 }, access });
  await serve('1-1');
  const callAs = async (name: string): Promise<CandidateClient> => {
    const { key, cert } = await authority.issue({ commonName: name, uris: [`spiffe://test/${name}`] });
    const secrets = [authority.cert, key, cert].map((pem) => Buffer.from(pem)) as [Buffer, Buffer, Buffer];
    const client = createCandidateClient({
      address: `127.0.0.1:${retriever.port}`,
      credentials: credentials.createSsl(...secrets),
      deadlineMs: 5000,
    });
    closing.push(() => client.close());
    return client;
  };
  const ranker = await callAs('ranker');
  expect((await ranker.retrieve({ limit: 1 })).modelVersion).toBe('1-1');
  await expect(ranker.similarItems({ itemId: 'a' })).rejects.toMatchObject({ code: status.PERMISSION_DENIED });
  const other = await callAs('other');
  await expect(other.retrieve({ limit: 1 })).rejects.toMatchObject({ code: status.PERMISSION_DENIED });
});
