import { type sendUnaryData, Server, type ServerUnaryCall, type ServerOptions } from '@grpc/grpc-js';
import { CandidateServiceService, type RetrieveRequest, RetrieveResponse } from '@gatehouse/proto';
import { delay, systemClock } from '@gatehouse/runtime';

import { createRecordingLogger } from '../retriever.fixture';
import { createPeers, type Peer } from './peers';
import { startTransport, type TransportSettings } from './start-transport';
import { limitSettings } from './transport-settings';
import { maxRequestBytes } from './watch-session';

/** How the one method answers. */
export type Answer = (
  call: ServerUnaryCall<RetrieveRequest, RetrieveResponse>,
  reply: sendUnaryData<RetrieveResponse>,
) => void;

const smallAnswer: Answer = (_, reply) => reply(null, RetrieveResponse.fromPartial({ modelVersion: '1-1' }));

/** Answers with more than a peer takes whose window is closed. */
export const bigAnswer: Answer = (_, reply) =>
  reply(
    null,
    RetrieveResponse.fromPartial({ candidates: Array.from({ length: 1000 }, (_, i) => ({ itemId: `item-${i}` })) }),
  );

/** A server with one method on a real transport, for tests of the transport alone. */
export async function startTestServer(
  changed: Partial<Omit<TransportSettings, 'limits'>> & { limits?: Partial<TransportSettings['limits']> } = {},
  answer: Answer = smallAnswer,
) {
  const limits = { ...limitSettings.parse({}), ...changed.limits };
  const options: ServerOptions = {
    'grpc.max_connection_idle_ms': limits.idleMs,
    'grpc.max_connection_age_ms': limits.ageMs,
    'grpc.max_connection_age_grace_ms': limits.ageGraceMs,
    'grpc.keepalive_time_ms': limits.keepaliveMs,
    'grpc.keepalive_timeout_ms': limits.keepaliveTimeoutMs,
    'grpc.max_receive_message_length': maxRequestBytes,
    'grpc.enable_channelz': 0,
  };
  const server = new Server(options);
  const peers = createPeers();
  const callers: (Peer | undefined)[] = [];
  server.addService(CandidateServiceService, {
    retrieve: ((call, reply) => {
      callers.push(peers.of(call.getPeer()));
      answer(call, reply);
    }) satisfies Answer,
  });
  const logger = createRecordingLogger();
  const ends: string[] = [];
  const transport = await startTransport(
    { host: '127.0.0.1', port: 0, insecure: false, tls: null, ...changed, limits },
    { server, peers, clock: systemClock, delay, logger, onClosed: (why) => ends.push(why) },
  );
  const stop = (): void => {
    server.forceShutdown();
    transport.cut();
  };
  return { port: transport.port, transport, server, logger, ends, callers, stop };
}
