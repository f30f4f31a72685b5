import type { Socket } from 'node:net';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls';

import type { Server } from '@grpc/grpc-js';
import { type Clock, type Delay, isLoopbackHost, type Logger, SettingsError } from '@gatehouse/runtime';

import { createConnectionGate, type Refusal } from './connection-gate';
import { followTls } from './follow-tls';
import { injectConnections } from './inject-connections';
import { listen, unixPathOf } from './listen';
import { oneATurn } from './one-a-turn';
import { keyOfEnds, type Peers, type Principal, principalOf } from './peers';
import { peerKey } from './peer-key';
import { checkTls, readTlsTexts, type TlsFiles } from './read-tls';
import type { LimitSettings, TlsSettings } from './transport-settings';
import { tallyEnds } from './tally-ends';
import { type Misbehaviour, watchSession } from './watch-session';
import { watchSessions } from './watch-sessions';

/** Where to listen, how connections are protected, and what peers may do. */
export interface TransportSettings {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Plaintext may leave this machine. */
  readonly insecure: boolean;
  readonly tls: TlsSettings | null;
  readonly limits: LimitSettings;
}

/** Why the server closed a connection, or did not let it in. */
export type ClosedFor = Refusal | Misbehaviour | 'evicted' | 'handshake';

/** Collaborators of {@link startTransport}. */
export interface TransportParts {
  /** Gets the connections. */
  readonly server: Server;
  /** Learns who is connected. */
  readonly peers: Peers;
  readonly clock: Clock;
  readonly delay: Delay;
  readonly logger: Logger;
  /** Counts connections that were refused or closed; the log has the counts anyway. @default nobody */
  readonly onClosed?: (why: ClosedFor) => void;
}

/** Connections of one server. */
export interface Transport {
  readonly port: number;
  /** Connections that are open. */
  readonly open: number;
  /** Takes no more connections. Those that are there go on; resolves when the last one has ended. */
  close(): Promise<void>;
  /** Cuts whatever is open. */
  cut(): void;
}

/**
 * Listens for connections, lets in as many as the limits allow, protects them with TLS when it is configured, and hands them to grpc-js.
 *
 * @throws SettingsError for plaintext to other machines without `insecure`, and for certificates that cannot serve; ListenError.
 */
export async function startTransport(settings: TransportSettings, parts: TransportParts): Promise<Transport> {
  const { host, insecure, tls, limits } = settings;
  const { server, peers, clock, delay, logger, onClosed = () => undefined } = parts;
  const stopping = new AbortController();
  checkProtection(host, insecure, tls);
  const files = tls && checkTls(tls, readTlsTexts(tls), clock);

  const tally = tallyEnds(logger);
  const closedFor = (why: ClosedFor, socket: Socket, error?: Error): void => {
    tally.count(why);
    onClosed(why);
    logger.debug('connection.closed', { why, peer: socket.remoteAddress, ...(error && { error }) });
  };
  const gate = createConnectionGate(limits, clock);
  const sockets = new Set<Socket>();
  const handshaking = new Set<Socket>();
  const watched = watchSessions(clock);
  const soon = oneATurn();
  /** What to do when a session begins or misbehaves, by the ends of its socket: TLS wraps the socket that came in. */
  const places = new Map<string, { begin(): void; prove(): void; misbehave(): void }>();

  const inject = injectConnections(server, limits);
  const introduce = (socket: Socket, principal?: Principal): void => {
    const { remoteAddress: address } = socket;
    const forget = peers.add(socket, {
      ...(address !== undefined && { address }),
      ...(principal && { principal }),
    });
    socket.once('close', forget);
  };
  const serve = (socket: Socket, place = places.get(keyOfEnds(socket))): void => {
    const session = place && !stopping.signal.aborted && inject(socket);
    if (!session) {
      socket.destroy();
      return;
    }
    place.begin();
    const inspected = watchSession(session, socket, limits, clock, {
      onRequest: () => place.prove(),
      onMisbehaviour: (why) => {
        if (why !== 'no-request') place.misbehave();
        closedFor(why, socket);
      },
    });
    watched.add(inspected);
    session.once('close', () => watched.delete(inspected));
  };

  const tlsServer = files && createHandshakes(files, tls);
  tlsServer?.on('secureConnection', (socket) => {
    socket.on('error', () => undefined); // its end is what matters
    introduce(socket, tls?.clientCaFile === undefined ? undefined : principalOf(socket.getPeerCertificate()));
    if (socket.alpnProtocol === 'h2') serve(socket);
    else socket.destroy();
  });
  tlsServer?.on('tlsClientError', (error, socket) => {
    closedFor('handshake', socket, error);
    socket.destroy();
  });

  const take = (socket: Socket): void => {
    const refuse = (why: Refusal | 'evicted'): void => {
      closedFor(why, socket);
      socket.resetAndDestroy(); // no FIN that waits for the other side
    };
    socket.on('error', () => undefined); // its end is what matters
    const isGone = socket.remoteAddress === undefined && unixPathOf(host) === undefined;
    if (isGone || stopping.signal.aborted) {
      socket.destroy();
      return;
    }
    const place = gate.enter(peerKey(socket.remoteAddress), () => refuse('evicted'));
    if (typeof place === 'string') {
      refuse(place);
      return;
    }
    let misbehaved = false;
    const end = keyOfEnds(socket);
    const record = {
      begin: () => handshaking.delete(socket),
      prove: () => place.prove(),
      misbehave: () => {
        misbehaved = true;
      },
    };
    sockets.add(socket);
    handshaking.add(socket);
    places.set(end, record);
    socket.once('close', () => {
      sockets.delete(socket);
      handshaking.delete(socket);
      if (places.get(end) === record) places.delete(end);
      place.leave(misbehaved);
    });
    if (tlsServer) {
      // That of Node.js begins anew with each byte.
      const tooLong = setTimeout(() => {
        if (!handshaking.has(socket)) return;
        closedFor('handshake', socket);
        socket.destroy();
      }, limits.handshakeMs);
      tooLong.unref();
      socket.once('close', () => clearTimeout(tooLong));
    } else introduce(socket);
    soon(() => {
      if (socket.destroyed) return;
      if (tlsServer) tlsServer.emit('connection', socket);
      else serve(socket, record);
    });
  };

  const ended = async (): Promise<void> => {
    const endOfEach = Array.from(sockets, (socket) => new Promise((resolve) => socket.once('close', resolve)));
    await Promise.all(endOfEach);
  };

  const listeners = await listen(settings, take);
  if (tls && files && tlsServer) {
    logger.info('tls.loaded', {
      validTo: new Date(files.validToMs).toISOString(),
      mutual: tls.clientCaFile !== undefined,
    });
    const use = (changed: TlsFiles): void => tlsServer.setSecureContext(changed.options);
    void followTls({ settings: tls, current: files, use, clock, delay, logger }, stopping.signal);
  }
  return {
    port: listeners.port,
    get open() {
      return gate.open;
    },
    close: () => {
      stopping.abort();
      listeners.close();
      for (const socket of handshaking) socket.destroy();
      return ended();
    },
    cut: () => {
      stopping.abort();
      listeners.close();
      watched.stop();
      tally.stop();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function createHandshakes(files: TlsFiles, tls: TlsSettings | null): TlsServer {
  const mutual = tls?.clientCaFile !== undefined;
  return createTlsServer({
    ...files.options,
    ALPNProtocols: ['h2'],
    requestCert: mutual,
    rejectUnauthorized: mutual,
  });
}

function checkProtection(host: string, insecure: boolean, tls: TlsSettings | null): void {
  const path = unixPathOf(host);
  // A remote end tells connections apart, and a Unix socket has none; nor does what goes over it leave this machine.
  if (path !== undefined && tls)
    throw new SettingsError('tls', `expected none on the Unix socket ${path}, found some; set tls: null`);
  if (!tls && !insecure && path === undefined && !isLoopbackHost(host))
    throw new SettingsError(
      'tls',
      `expected TLS on host ${host}, found none: plaintext is for loopback only; set tls, or insecure: true to serve it anyway`,
    );
}
