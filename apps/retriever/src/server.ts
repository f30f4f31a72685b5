import {
  type MethodDefinition,
  Server,
  type ServerInterceptor,
  type ServiceDefinition,
  type UntypedHandleCall,
} from '@grpc/grpc-js';
import {
  type BatchRetrieveRequest,
  type BatchRetrieveResponse,
  CandidateServiceService,
  decodeStrictly,
  NotUtf8Error,
  type RetrieveRequest,
  type RetrieveResponse,
  type SimilarItemsRequest,
  type SimilarItemsResponse,
} from '@gatehouse/proto';

import { addHealth } from './add-health';
import { type GuardedListening, requireAccess } from './access/open-access';
import { type Calls, MalformedMessage } from './calls';
import { grpcOptionsOf } from './transport/grpc-options';
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
  /** Open connections. */
  readonly connections: number;
  /** What the standard health service says, for the whole server and for the service by name. NOT_SERVING at first. */
  setServing(serving: boolean): void;
  /** Accepts nothing new, tells clients to go elsewhere, and resolves when their connections have ended. */
  finish(): Promise<void>;
  /** Cuts whatever is still open. */
  cut(): void;
}

/** Where to listen, how connections are protected and limited, and who may call what. */
export interface ServerSettings extends TransportSettings, GuardedListening {
  /** Describes the messages to whoever asks. */
  readonly reflection: boolean;
}

/** Collaborators of {@link startServer}. */
export interface ServerParts extends Omit<TransportParts, 'server'> {
  /** What stands before every method. */
  readonly interceptors: ServerInterceptor[];
}

const service = 'gatehouse.v1.CandidateService';

/**
 * Listens for calls, which reach a method through the interceptors.
 *
 * @throws SettingsError, ListenError.
 */
export async function startServer(
  methods: Methods,
  calls: Calls,
  settings: ServerSettings,
  { interceptors, ...parts }: ServerParts,
): Promise<CandidateServer> {
  requireAccess(settings);
  const server = new Server({ ...grpcOptionsOf(settings.limits), interceptors });
  const health = addHealth(server, service);
  if (settings.reflection) (await import('./add-reflection')).addReflection(server);
  server.addService(toleratingMalformed(CandidateServiceService), {
    retrieve: calls.unary('Retrieve', methods.retrieve) as UntypedHandleCall,
    batchRetrieve: calls.unary(
      'BatchRetrieve',
      methods.batchRetrieve,
      ({ responses }) => responses.length,
    ) as UntypedHandleCall,
    similarItems: calls.unary('SimilarItems', methods.similarItems) as UntypedHandleCall,
  });
  const transport = await startTransport(settings, { ...parts, server });
  return {
    port: transport.port,
    get connections() {
      return transport.open;
    },
    setServing: health.setServing,
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
        return decodeStrictly(method.requestDeserialize, bytes);
      } catch (error) {
        const reason = error instanceof NotUtf8Error ? '' : `${bytes.length} bytes of something else: `;
        return new MalformedMessage(reason + (error as Error).message);
      }
    },
  });
  return Object.fromEntries(Object.entries(definition).map(([name, method]) => [name, tolerate(method)]));
}
