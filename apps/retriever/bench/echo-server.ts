import { Server, ServerCredentials, type UntypedHandleCall } from '@grpc/grpc-js';
import { CandidateServiceService, type RetrieveResponse } from '@gatehouse/proto';

/** Answers every Retrieve with the same reply and does nothing else: what gRPC itself costs. Resolves to the port. */
export function startEchoServer(reply: RetrieveResponse): Promise<number> {
  const server = new Server();
  const echo: UntypedHandleCall = (_: unknown, respond: (error: null, value: RetrieveResponse) => void) =>
    respond(null, reply);
  server.addService(CandidateServiceService, { retrieve: echo, batchRetrieve: echo, similarItems: echo });
  return new Promise((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve(port),
    ),
  );
}

/** A reply like those of the bench: as many candidates, ids of the same length. */
export function echoReply(candidates: number): RetrieveResponse {
  return {
    candidates: Array.from({ length: candidates }, (_, i) => {
      const score = 1 - i / 1024;
      return { itemId: `1-1/${10_000 + i}`, score, sources: [{ source: 'two-tower', score }] };
    }),
    modelVersion: '1-1',
    indexVersion: '1-1.1',
    searchEffort: 128,
    degraded: false,
    degradedReason: '',
    freshness: { modelEventTimeMs: 1, catalogueTimeMs: 1, userEventTimeMs: 1 },
  };
}
