import type { Http2Server, ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';

import { type Server, ServerCredentials } from '@grpc/grpc-js';

import type { LimitSettings } from './transport-settings';

/** Hands a connection to grpc-js, and gives back its HTTP/2 session; undefined when there is none. */
export type InjectConnection = (socket: Socket) => ServerHttp2Session | undefined;

/**
 * Prepares a gRPC server for connections that others accept. TLS is theirs as well: what comes in here is deciphered.
 *
 * grpc-js 1.14 keeps its HTTP/2 servers to itself, but only they tell of sessions, and only sessions show floods. So this reads a private
 * field; the version is pinned, and without the field the start fails.
 */
export function injectConnections(
  server: Server,
  { streamsPerConnection, headerBytes }: LimitSettings,
): InjectConnection {
  const { http2Servers } = server as unknown as { readonly http2Servers?: ReadonlyMap<Http2Server, unknown> };
  if (!http2Servers) throw new TypeError('expected grpc-js to keep its HTTP/2 servers, found none');
  const before = new Set(http2Servers.keys());
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const [http2Server] = [...http2Servers.keys()].filter((each) => !before.has(each));
  http2Server.updateSettings({ maxConcurrentStreams: streamsPerConnection, maxHeaderListSize: headerBytes });
  let born: ServerHttp2Session | undefined;
  http2Server.on('session', (session) => (born = session));
  return (socket) => {
    born = undefined;
    injector.injectConnection(socket); // the session begins in here
    return born;
  };
}
