import { X509Certificate } from 'node:crypto';
import type { PeerCertificate } from 'node:tls';

/** Whom a client's certificate names. */
export interface Principal {
  /** Subject's common name, if there is exactly one. */
  readonly commonName?: string;
  /** DNS names of the subject alternative names. */
  readonly dnsNames: readonly string[];
  /** URIs of the subject alternative names, such as `spiffe://example.org/ranker`. */
  readonly uris: readonly string[];
}

/** Who is at the other end of a connection. */
export interface Peer {
  /** IP address; undefined for a Unix socket. */
  readonly address?: string;
  /** Of its certificate, which one of the configured authorities vouches for; undefined without mTLS. */
  readonly principal?: Principal;
}

/** The two ends of a connection, as `getConnectionInfo()` of a call in a server interceptor tells them. */
export interface ConnectionEnds {
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}

/** Tells connections apart. The remote end alone does not: it may be the same for two of this machine's addresses. */
export function keyOfEnds({ localAddress, localPort, remoteAddress, remotePort }: ConnectionEnds): string {
  return [localAddress, localPort, remoteAddress, remotePort].join(' ');
}

/** The peers of all open connections. */
export interface Peers {
  /**
   * Who makes a call, in a server interceptor.
   *
   * @example peers.of(call.getConnectionInfo())?.principal?.uris
   */
  of(ends: ConnectionEnds): Peer | undefined;
  /** Adds a peer, until the returned function is called. */
  add(ends: ConnectionEnds, peer: Peer): () => void;
}

/** Creates an empty registry. */
export function createPeers(): Peers {
  const peers = new Map<string, Peer>();
  return {
    of: (ends) => peers.get(keyOfEnds(ends)),
    add: (ends, peer) => {
      const key = keyOfEnds(ends);
      peers.set(key, peer);
      return () => {
        if (peers.get(key) === peer) peers.delete(key);
      };
    },
  };
}

/** Reads whom a verified certificate names. Call it once a connection: parsing takes a fraction of a millisecond. */
export function principalOf({ raw }: Pick<PeerCertificate, 'raw'>): Principal {
  const { subject, subjectAltName = '' } = new X509Certificate(raw);
  const names = [...subjectAltName.matchAll(/(?:^|, )(DNS|URI):("(?:[^"\\]|\\.)*"|[^,]*)/g)].map(([, kind, name]) => ({
    kind,
    // Names with characters that separate names come quoted, as JSON.
    name: name.startsWith('"') ? (JSON.parse(name) as string) : name,
  }));
  const commonNames = (subject ?? '').split('\n').filter((line) => line.startsWith('CN='));
  return {
    ...(commonNames.length === 1 && { commonName: commonNames[0].slice('CN='.length) }),
    dnsNames: names.filter(({ kind }) => kind === 'DNS').map(({ name }) => name),
    uris: names.filter(({ kind }) => kind === 'URI').map(({ name }) => name),
  };
}
