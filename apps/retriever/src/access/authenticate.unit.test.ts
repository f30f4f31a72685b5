import { Metadata, type ServerInterceptingCallInterface } from '@grpc/grpc-js';

import { type Authenticators, createAuthenticate } from './authenticate';

const call = {} as ServerInterceptingCallInterface;
const peer = { id: 'peer:ranker', roles: [] };
const all: Authenticators = {
  tokens: (token) => (token === 't1' ? { id: 'token:a', roles: [] } : undefined),
  jwt: async (token) => {
    if (token !== 'a.b.c') throw new Error('details of the library');
    return { id: 'jwt:b', roles: [] };
  },
  principalOfPeer: (of) => (of === call ? peer : undefined),
};

async function who(ways: Authenticators, authorization?: string): Promise<string> {
  const metadata = new Metadata();
  if (authorization !== undefined) metadata.set('authorization', authorization);
  const principal = await createAuthenticate(ways)(metadata, call).catch((error: unknown) => ({
    id: (error as Error).message,
  }));
  return principal.id;
}

const nobody = 'expected valid credentials';

test.each([
  ['Bearer t1', 'token:a'],
  ['Bearer a.b.c', 'jwt:b'],
  [undefined, 'peer:ranker'],
  ['Bearer t2', nobody], // a bad token is not made good by the connection
  ['Bearer a.b.d', nobody],
  ['Basic t1', nobody],
])('%s is of %s', async (authorization, expected) => {
  expect(await who(all, authorization)).toBe(expected);
});

test('a way that is not configured proves nothing', async () => {
  const { tokens, jwt, principalOfPeer } = all as Required<Authenticators>;
  expect(await who({ jwt, principalOfPeer }, 'Bearer t1')).toBe(nobody);
  expect(await who({ tokens, principalOfPeer }, 'Bearer a.b.c')).toBe(nobody);
  expect(await who({ tokens, jwt })).toBe(nobody);
  expect(await who({ principalOfPeer: () => undefined })).toBe(nobody);
});
