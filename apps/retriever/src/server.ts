import { type MethodDefinition, Server, type ServiceDefinition, type UntypedHandleCall } from '@grpc/grpc-js';
import {
  type BatchRetrieveRequest,
  type BatchRetrieveResponse,
  CandidateServiceService,
  type RetrieveRequest,
  type RetrieveResponse,
  type SimilarItemsRequest,
  type SimilarItemsResponse,
} from '@gatehouse/proto';
import { HealthImplementation } from 'grpc-health-check';

import { type Calls, MalformedMessage } from './calls';
import { createPeers } from './transport/peers';
import { startTransport, type TransportParts, type TransportSettings } from './transport/start-transport';
import type { LimitSettings } from './transport/transport-settings';
import { maxRequestBytes } from './transport/watch-session';

/** What the methods do; each gets a signal that aborts when its work is no longer wanted. */
export interface Methods {
  readonly retrieve: (request: RetrieveRequest, signal: AbortSignal) => Promise<RetrieveResponse>;
  readonly batchRetrieve: (request: BatchRetrieveRequest, signal: AbortSignal) => Promise<BatchRetrieveResponse>;
  readonly similarItems: (request: SimilarItemsRequest, signal: AbortSignal) => Promise<SimilarItemsResponse>;
}

/** A listening server. */
export interface CandidateServer {
  readonly port: number;
  /** What the standard health service says, for the whole server and for the service by name. NOT_SERVING at first. */
  setServing(serving: boolean): void;
  /** Accepts nothing new, tells clients to go elsewhere, and resolves when their connections have ended. */
  finish(): Promise<void>;
  /** Cuts whatever is still open. */
  cut(): void;
}

const service = 'gatehouse.v1.CandidateService';

/** Bounds of what a peer can make the server hold; the defaults of grpc-js have none. */
const serverOptions = (limits: LimitSettings) => ({
  'grpc.max_concurrent_streams': limits.streamsPerConnection,
  'grpc.max_receive_message_length': maxRequestBytes,
  'grpc.max_send_message_length': 1024 * 1024,
  'grpc.max_connection_idle_ms': limits.idleMs,
  'grpc.max_connection_age_ms': limits.ageMs,
  'grpc.max_connection_age_grace_ms': limits.ageGraceMs,
  'grpc.keepalive_time_ms': limits.keepaliveMs,
  'grpc.keepalive_timeout_ms': limits.keepaliveTimeoutMs,
  'grpc.enable_channelz': 0, // keeps what nobody may ask for here
  'grpc-node.max_session_memory': 50,
  'grpc-node.flow_control_window': 65_536,
});

/**
 * Listens for calls.
 *
 * @throws SettingsError, ListenError.
 */
export async function startServer(
  methods: Methods,
  calls: Calls,
  settings: TransportSettings,
  parts: Pick<TransportParts, 'clock' | 'delay' | 'logger'>,
): Promise<CandidateServer> {
  const peers = createPeers();
  const server = new Server(serverOptions(settings.limits));
  const health = new HealthImplementation({ '': 'NOT_SERVING', [service]: 'NOT_SERVING' });
  health.addToServer(server);
  server.addService(toleratingMalformed(CandidateServiceService), {
    retrieve: calls.unary(methods.retrieve) as UntypedHandleCall,
    batchRetrieve: calls.unary(methods.batchRetrieve) as UntypedHandleCall,
    similarItems: calls.unary(methods.similarItems) as UntypedHandleCall,
  });
  const transport = await startTransport(settings, { ...parts, server, peers });
  return {
    port: transport.port,
    setServing: (serving) => {
      for (const name of ['', service]) health.setStatus(name, serving ? 'SERVING' : 'NOT_SERVING');
    },
    finish: () => {
      transport.close();
      return new Promise((resolve, reject) => server.tryShutdown((error) => (error ? reject(error) : resolve())));
    },
    cut: () => {
      server.forceShutdown();
      transport.cut();
    },
  };
}

/** grpc-js answers undecodable bytes with INTERNAL, as if the server were at fault; here they reach the handler instead. */
function toleratingMalformed(definition: ServiceDefinition): ServiceDefinition {
  const tolerate = (method: MethodDefinition<unknown, unknown>): MethodDefinition<unknown, unknown> => ({
    ...method,
    requestDeserialize: (bytes) => {
      try {
        return method.requestDeserialize(bytes);
      } catch {
        return new MalformedMessage(`${bytes.length} bytes of something else`);
      }
    },
  });
  return Object.fromEntries(Object.entries(definition).map(([name, method]) => [name, tolerate(method)]));
}
