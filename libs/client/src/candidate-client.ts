import {
  type CallOptions,
  type ChannelCredentials,
  type ClientUnaryCall,
  credentials,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js';
import {
  type BatchRetrieveResponse,
  CandidateServiceClient,
  type RetrieveResponse,
  type SimilarItemsResponse,
} from '@gatehouse/proto';

import { toCallError } from './call-errors';
import { isLoopback } from './loopback';
import type { RetrieveQuery, SimilarItemsQuery } from './request';
import { serviceConfig } from './service-config';
import { retrieveToWire, similarToWire } from './to-wire';

/** Where and how to connect. */
export interface CandidateClientOptions {
  /** gRPC target: `host:port`, `dns:///host:port`, `ipv4:a:port,b:port` or `unix:path`. Several addresses are used in turn. */
  readonly address: string;
  /** @default plaintext, which only a loopback address allows */
  readonly credentials?: ChannelCredentials;
  /** Time that a call may take, its retries included. @default 1000 */
  readonly deadlineMs?: number;
  /** Allows plaintext to another machine. @default false */
  readonly insecure?: boolean;
  /**
   * Says who calls: a bearer token, or a function that gives one for each call, for those that expire. Keep it in memory: its time is the
   * call's. Never sent in plaintext to another machine. @default none
   */
  readonly token?: string | (() => string | Promise<string>);
}

/** Choices of one call. */
export interface CallChoices {
  /** Time that this call may take. @default that of the client */
  readonly deadlineMs?: number;
  /** Cancels the call; it then rejects with code CANCELLED. */
  readonly signal?: AbortSignal;
}

/**
 * Asks a retriever for candidates. Calls reject with a CallError: its class says what to do, its `details` what is wrong. What can
 * be seen without asking, such as a filter without a condition, is a TypeError.
 */
export interface CandidateClient {
  retrieve(query: RetrieveQuery, choices?: CallChoices): Promise<RetrieveResponse>;
  /** All answers come from one model version. One invalid query fails the whole batch. */
  batchRetrieve(queries: readonly RetrieveQuery[], choices?: CallChoices): Promise<BatchRetrieveResponse>;
  /** Items that the model places nearest to an item. */
  similarItems(query: SimilarItemsQuery, choices?: CallChoices): Promise<SimilarItemsResponse>;
  /** Closes the connections once the calls in flight have ended. */
  close(): void;
}

/** Plaintext to another machine was asked for without saying so. */
export class InsecureAddressError extends Error {
  override readonly name = 'InsecureAddressError';
  constructor(readonly address: string) {
    super(`address ${address}: plaintext is for loopback only; pass credentials, or insecure: true to send it anyway`);
  }
}

/** A token was to be sent where others can read it on the way. */
export class PlaintextTokenError extends Error {
  override readonly name = 'PlaintextTokenError';
  constructor(readonly address: string) {
    super(`address ${address}: a token is not sent in plaintext to another machine, insecure or not; pass credentials`);
  }
}

/**
 * Creates a client. It connects with the first call and reconnects by itself.
 *
 * @throws InsecureAddressError for plaintext to another machine without `insecure: true`.
 * @throws PlaintextTokenError for a token and plaintext to another machine.
 * @example
 * const client = createCandidateClient({ address: '127.0.0.1:50051' });
 * const { candidates } = await client.retrieve({ userId: '42', limit: 10, excludeSeen: true });
 */
export function createCandidateClient(options: CandidateClientOptions): CandidateClient {
  const { address, deadlineMs = 1000, insecure = false, token } = options;
  if (!options.credentials && !insecure && !isLoopback(address)) throw new InsecureAddressError(address);
  const isPlaintext = !(options.credentials?._isSecure() ?? false);
  if (token !== undefined && isPlaintext && !isLoopback(address)) throw new PlaintextTokenError(address);
  const stub = new CandidateServiceClient(address, options.credentials ?? credentials.createInsecure(), {
    'grpc.service_config': JSON.stringify(serviceConfig),
    'grpc.keepalive_time_ms': 30_000,
    'grpc.keepalive_permit_without_calls': 0,
    'grpc.max_receive_message_length': 1_048_576,
  });

  const call = async <Response>(start: StartCall<Response>, choices: CallChoices) => {
    const deadline = Date.now() + (choices.deadlineMs ?? deadlineMs);
    const metadata = typeof token === 'function' ? metadataOf(await token()) : metadataOf(token);
    return new Promise<Response>((resolve, reject) => {
      const { signal } = choices;
      const cancel = (): void => inFlight.cancel();
      const inFlight = start(metadata, { deadline }, (error, response) => {
        signal?.removeEventListener('abort', cancel);
        if (error) reject(toCallError(error));
        else resolve(response);
      });
      if (signal?.aborted) cancel();
      else signal?.addEventListener('abort', cancel, { once: true });
    });
  };

  return {
    retrieve: async (query, choices = {}) => {
      const request = retrieveToWire(query);
      return call<RetrieveResponse>((...rest) => stub.retrieve(request, ...rest), choices);
    },
    batchRetrieve: async (queries, choices = {}) => {
      const request = { requests: queries.map(retrieveToWire) };
      return call<BatchRetrieveResponse>((...rest) => stub.batchRetrieve(request, ...rest), choices);
    },
    similarItems: async (query, choices = {}) => {
      const request = similarToWire(query);
      return call<SimilarItemsResponse>((...rest) => stub.similarItems(request, ...rest), choices);
    },
    close: () => stub.close(),
  };
}

type StartCall<Response> = (
  metadata: Metadata,
  options: Partial<CallOptions>,
  callback: (error: ServiceError | null, response: Response) => void,
) => ClientUnaryCall;

/** @throws TypeError for what cannot be a token; grpc-js would quote it. */
function metadataOf(token: string | undefined): Metadata {
  const metadata = new Metadata();
  if (token === undefined) return metadata;
  if (!/^[A-Za-z0-9._~+/-]+=*$/.test(token))
    throw new TypeError('token: expected a bearer token, found something else');
  metadata.set('authorization', `Bearer ${token}`);
  return metadata;
}
