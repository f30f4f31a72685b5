import type { ServerInterceptingCallInterface } from '@grpc/grpc-js';

import { createPeers, type Principal } from '../transport/peers';
import { createPrincipalOfPeer } from './principal-of-certificate';

const endsOf = (localAddress: string) => ({ localAddress, localPort: 1, remoteAddress: '127.0.0.1', remotePort: 5 });
const callOf = (localAddress: string) =>
  ({ getConnectionInfo: () => endsOf(localAddress) }) as unknown as ServerInterceptingCallInterface;

test.each<[Principal, string | undefined]>([
  [{ uris: ['spiffe://a/b', 'spiffe://c'], dnsNames: ['d'], commonName: 'e' }, 'peer:spiffe://a/b'],
  [{ uris: [], dnsNames: ['d', 'f'], commonName: 'e' }, 'peer:d'],
  [{ uris: [], dnsNames: [], commonName: 'spiffe://a/b' }, undefined],
  [{ uris: [], dnsNames: [] }, undefined],
])('%j is %s', (principal, id) => {
  const peers = createPeers();
  const forget = peers.add(endsOf('127.0.0.1'), { principal });
  const principalOfPeer = createPrincipalOfPeer(peers);
  expect(principalOfPeer(callOf('127.0.0.1'))?.id).toBe(id);
  expect(principalOfPeer(callOf('127.0.0.2'))).toBeUndefined();
  forget();
  expect(principalOfPeer(callOf('127.0.0.1'))).toBeUndefined();
});

test('a connection without a certificate is nobody', () => {
  const peers = createPeers();
  peers.add(endsOf('127.0.0.1'), { address: '127.0.0.1' });
  expect(createPrincipalOfPeer(peers)(callOf('127.0.0.1'))).toBeUndefined();
});
