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
import { grpcOptionsOf } from './transport/grpc-options';
import { createPeers } from './transport/peers';
import { startTransport, type TransportParts, type TransportSettings } from './transport/start-transport';

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

/**
 * Listens for calls.
 *
 * @throws SettingsError, ListenError.
 */
export async function startServer(
  methods: Methods,
  calls: Calls,
  settings: TransportSettings,
  parts: Omit<TransportParts, 'server' | 'peers'>,
): Promise<CandidateServer> {
  const peers = createPeers();
  const server = new Server(grpcOptionsOf(settings.limits));
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
    finish: async () => {
      const ended = transport.close();
      await new Promise<void>((resolve, reject) => server.tryShutdown((error) => (error ? reject(error) : resolve())));
      await ended; // from Node.js 24 on, grpc-js no longer waits for connections that others accepted
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
