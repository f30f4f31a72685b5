import {
  type MethodDefinition,
  Server,
  ServerCredentials,
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
import { HealthImplementation } from 'grpc-health-check';

import { type GuardedListening, requireAccess } from './access/open-access';
import { type Calls, MalformedMessage } from './calls';

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

/** Where to listen, whether plaintext may leave this machine, and who may call what. */
export interface Listening extends GuardedListening {
  /** 0: any free port. */
  readonly port: number;
  /** Describes the messages to whoever asks. */
  readonly reflection: boolean;
}

/** Plaintext for other machines was configured without saying so. */
export class InsecureHostError extends Error {
  override readonly name = 'InsecureHostError';
  constructor(readonly host: string) {
    super(
      `host ${host}: plaintext is for loopback only; listen on 127.0.0.1, or set insecure: true to serve it anyway`,
    );
  }
}

/** The address cannot be listened on. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  constructor(
    readonly address: string,
    reason: string,
  ) {
    super(`cannot listen on ${address}: ${reason}`);
  }
}

const service = 'gatehouse.v1.CandidateService';

/** Bounds of what a peer can make the server hold; the defaults of grpc-js have none. */
const serverOptions = {
  'grpc.max_concurrent_streams': 100,
  'grpc.max_receive_message_length': 256 * 1024,
  'grpc.max_send_message_length': 1024 * 1024,
  'grpc.max_connection_idle_ms': 60_000,
  'grpc.max_connection_age_ms': 1_800_000,
  'grpc.max_connection_age_grace_ms': 10_000,
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc-node.max_session_memory': 50,
  'grpc-node.flow_control_window': 65_536,
};

/**
 * Listens for calls, which reach a method through the interceptors.
 *
 * @throws InsecureHostError, SettingsError, ListenError.
 */
export async function startServer(
  methods: Methods,
  calls: Calls,
  listening: Listening,
  interceptors: ServerInterceptor[] = [],
): Promise<CandidateServer> {
  const { host, port, insecure } = listening;
  if (!insecure && !/^(localhost|127\.\d+\.\d+\.\d+|::1)$/.test(host)) throw new InsecureHostError(host);
  requireAccess(listening);
  const server = new Server({ ...serverOptions, interceptors });
  const health = new HealthImplementation({ '': 'NOT_SERVING', [service]: 'NOT_SERVING' });
  health.addToServer(server);
  if (listening.reflection) (await import('./add-reflection')).addReflection(server);
  server.addService(toleratingMalformed(CandidateServiceService), {
    retrieve: calls.unary(methods.retrieve) as UntypedHandleCall,
    batchRetrieve: calls.unary(methods.batchRetrieve) as UntypedHandleCall,
    similarItems: calls.unary(methods.similarItems) as UntypedHandleCall,
  });
  const bound = await bind(server, host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`);
  return {
    port: bound,
    setServing: (serving) => {
      for (const name of ['', service]) health.setStatus(name, serving ? 'SERVING' : 'NOT_SERVING');
    },
    finish: () => new Promise((resolve, reject) => server.tryShutdown((error) => (error ? reject(error) : resolve()))),
    cut: () => server.forceShutdown(),
  };
}

function bind(server: Server, address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (cause, port) => {
      if (cause) reject(new ListenError(address, /EADDRINUSE/.test(cause.message) ? 'port in use' : cause.message));
      else resolve(port);
    });
  });
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
