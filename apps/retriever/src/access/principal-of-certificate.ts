import type { Peers } from '../transport/peers';
import type { PrincipalOfPeer } from './authenticate';

/**
 * Names callers by the certificate that their connection proved: the first URI, else the first DNS name, of
 * its alternative names. Its common name is not looked at: authorities check it less, and it could look like a URI.
 *
 * @example policy: [{ principals: ['peer:spiffe://example.org/ranker'], methods: [...] }]
 */
export function createPrincipalOfPeer(peers: Pick<Peers, 'of'>): PrincipalOfPeer {
  return (call) => {
    const principal = peers.of(call.getConnectionInfo())?.principal;
    const name = principal && (principal.uris[0] ?? principal.dnsNames[0]);
    return name === undefined ? undefined : { id: `peer:${name}`, roles: [] };
  };
}
