import {
  type sendUnaryData,
  Server,
  ServerInterceptingCall,
  type ServerInterceptor,
  type ServerUnaryCall,
} from '@grpc/grpc-js';
import { CandidateServiceService, type RetrieveRequest, RetrieveResponse } from '@gatehouse/proto';
import { type Clock, delay, systemClock } from '@gatehouse/runtime';

import { createRecordingLogger } from '../retriever.fixture';
import { grpcOptionsOf } from './grpc-options';
import { createPeers, type Peer } from './peers';
import { startTransport, type TransportSettings } from './start-transport';
import { limitSettings } from './transport-settings';

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
  clock: Clock = systemClock,
) {
  const limits = { ...limitSettings.parse({}), ...changed.limits };
  const peers = createPeers();
  const callers: (Peer | undefined)[] = [];
  const known = new Map<string, Peer | undefined>();
  const noteCaller: ServerInterceptor = (_, call) => {
    known.set(call.getPeer(), peers.of(call.getConnectionInfo()));
    return new ServerInterceptingCall(call);
  };
  const server = new Server({ ...grpcOptionsOf(limits), interceptors: [noteCaller] });
  server.addService(CandidateServiceService, {
    retrieve: ((call, reply) => {
      callers.push(known.get(call.getPeer())); // of calls that reach their method
      answer(call, reply);
    }) satisfies Answer,
  });
  const logger = createRecordingLogger();
  const ends: string[] = [];
  const transport = await startTransport(
    { host: '127.0.0.1', port: 0, insecure: false, tls: null, ...changed, limits },
    { server, peers, clock, delay, logger, onClosed: (why) => ends.push(why) },
  );
  const stop = (): void => {
    server.forceShutdown();
    transport.cut();
  };
  return { port: transport.port, transport, server, logger, ends, callers, stop };
}
