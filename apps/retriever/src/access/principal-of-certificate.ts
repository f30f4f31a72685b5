import type { Peers } from '../transport/peers';
import type { PrincipalOfPeer } from './authenticate';

/**
 * Names callers by the certificate that their connection proved: its first URI, else its first DNS name, else its common name.
 *
 * @example policy: [{ principals: ['peer:spiffe://example.org/ranker'], methods: [...] }]
 */
export function createPrincipalOfPeer(peers: Pick<Peers, 'of'>): PrincipalOfPeer {
  return (call) => {
    const principal = peers.of(call.getPeer())?.principal;
    const name = principal && (principal.uris[0] ?? principal.dnsNames[0] ?? principal.commonName);
    return name === undefined ? undefined : { id: `peer:${name}`, roles: [] };
  };
}
