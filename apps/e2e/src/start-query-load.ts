import { credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { CandidateServiceClient, RetrieveRequest, type RetrieveResponse } from '@gatehouse/proto';
import type { Cleanup } from '@gatehouse/testing';

/** Clients that ask without pause, and what they got. */
export interface QueryLoad {
  readonly answers: readonly RetrieveResponse[];
  /** Calls that were not answered. */
  readonly failures: readonly ServiceError[];
  /** Starts no more calls, and waits for those in flight. */
  stop(): Promise<void>;
}

/** What {@link startQueryLoad} asks. */
export interface QueryLoadOptions {
  readonly port: number;
  readonly userIds: readonly string[];
  /** Each has a connection of its own and one call in flight. */
  readonly clients: number;
}

/** Long enough that only a call that hangs runs out of time. */
const deadlineMs = 10_000;

/**
 * Starts asking for the candidates of each user in turn, until it is stopped or `cleanup` runs. No call is tried again, so that no
 * failure stays hidden.
 */
export function startQueryLoad({ port, userIds, clients }: QueryLoadOptions, cleanup: Cleanup): QueryLoad {
  const answers: RetrieveResponse[] = [];
  const failures: ServiceError[] = [];
  let isStopped = false;
  let asked = 0;

  const askOnce = (stub: CandidateServiceClient): Promise<void> =>
    new Promise((resolve) => {
      const request = RetrieveRequest.fromPartial({ userId: userIds[asked++ % userIds.length], limit: 10 });
      stub.retrieve(request, new Metadata(), { deadline: Date.now() + deadlineMs }, (error, response) => {
        if (error) failures.push(error);
        else answers.push(response);
        resolve();
      });
    });
  const ask = async (): Promise<void> => {
    const stub = new CandidateServiceClient(`127.0.0.1:${port}`, credentials.createInsecure(), {
      'grpc.enable_retries': 0,
      'grpc.use_local_subchannel_pool': 1, // a connection of its own
    });
    while (!isStopped) await askOnce(stub);
    stub.close();
  };
  const asking = Array.from({ length: clients }, ask);

  const stop = async (): Promise<void> => {
    isStopped = true;
    await Promise.all(asking);
  };
  cleanup.add(stop);

  return { answers, failures, stop };
}
