import type { ServerInterceptingCallInterface } from '@grpc/grpc-js';

import { createPeers, type Principal } from '../transport/peers';
import { createPrincipalOfPeer } from './principal-of-certificate';

const callOf = (peer: string) => ({ getPeer: () => peer }) as ServerInterceptingCallInterface;

test.each<[Principal, string | undefined]>([
  [{ uris: ['spiffe://a/b', 'spiffe://c'], dnsNames: ['d'], commonName: 'e' }, 'peer:spiffe://a/b'],
  [{ uris: [], dnsNames: ['d', 'f'], commonName: 'e' }, 'peer:d'],
  [{ uris: [], dnsNames: [], commonName: 'e' }, 'peer:e'],
  [{ uris: [], dnsNames: [] }, undefined],
])('%j is %s', (principal, id) => {
  const peers = createPeers();
  const forget = peers.add('127.0.0.1:5', { principal });
  const principalOfPeer = createPrincipalOfPeer(peers);
  expect(principalOfPeer(callOf('127.0.0.1:5'))?.id).toBe(id);
  expect(principalOfPeer(callOf('127.0.0.1:6'))).toBeUndefined();
  forget();
  expect(principalOfPeer(callOf('127.0.0.1:5'))).toBeUndefined();
});

test('a connection without a certificate is nobody', () => {
  const peers = createPeers();
  peers.add('127.0.0.1:5', { address: '127.0.0.1' });
  expect(createPrincipalOfPeer(peers)(callOf('127.0.0.1:5'))).toBeUndefined();
});
