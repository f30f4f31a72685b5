import { credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { CandidateServiceClient, RetrieveRequest, type RetrieveResponse } from '@gatehouse/proto';

import { itemIdOf } from './bench-version';

/** What a generator does: calls at a rate, whatever becomes of those before, or always as many as `inFlight`. */
export interface Load {
  readonly port: number;
  readonly seconds: number;
  /** Calls a second, by a Poisson process. */
  readonly ratePerSecond?: number;
  /** Calls that are in flight at all times. */
  readonly inFlight?: number;
  readonly limit: number;
  readonly items: number;
  readonly deadlineMs: number;
  /** @default 8 */
  readonly connections?: number;
}

/** What came of it. Times run from when a call was due, so that one that waits for its turn counts in full. */
export interface Figures {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  /** Answers a second. */
  readonly requestsPerSecond: number;
  readonly answers: number;
  readonly errors: number;
  /** By name of the status. */
  readonly errorsByStatus: Readonly<Record<string, number>>;
  /** Of calls that were turned away. */
  readonly rejectedP50Ms: number;
  readonly rejectedP99Ms: number;
  /** Answers whose parts name different versions. */
  readonly mixedVersionAnswers: number;
  readonly versions: number;
  readonly degraded: number;
}

/** Loads a server and measures. */
export async function generateLoad(load: Load): Promise<Figures> {
  const { port, seconds, ratePerSecond, inFlight, limit, items, deadlineMs, connections = 8 } = load;
  const stubs = Array.from(
    { length: connections },
    () =>
      new CandidateServiceClient(`127.0.0.1:${port}`, credentials.createInsecure(), {
        'grpc.enable_retries': 0,
        'grpc.use_local_subchannel_pool': 1, // a connection of its own
      }),
  );
  const requests = Array.from({ length: 1024 }, (_, n) =>
    RetrieveRequest.fromPartial({
      history: {
        entries: [n, 7 * n].map((at) => ({ itemId: itemIdOf('1-1', at % items), eventTimeMs: at })),
      },
      limit,
      sources: ['two-tower'],
    }),
  );
  const answeredMs: number[] = [];
  const rejectedMs: number[] = [];
  const errorsByStatus: Record<string, number> = {};
  const versions = new Set<string>();
  let [sent, mixed, degraded, pending] = [0, 0, 0, 0];

  const began = performance.now();
  const endMs = began + seconds * 1000;
  await new Promise<void>((resolve) => {
    const settle = (sentMs: number, error: ServiceError | null, response?: RetrieveResponse): void => {
      const nowMs = performance.now();
      if (error) {
        const name = status[error.code];
        errorsByStatus[name] = (errorsByStatus[name] ?? 0) + 1;
        if (error.code === status.RESOURCE_EXHAUSTED) rejectedMs.push(nowMs - sentMs);
      } else {
        answeredMs.push(nowMs - sentMs);
        versions.add(response!.modelVersion);
        if (isMixed(response!)) mixed++;
        if (response!.degraded) degraded++;
      }
      pending--;
      if (inFlight !== undefined && nowMs < endMs) send(nowMs);
      else if (pending === 0 && isAllSent()) resolve();
    };
    let dueMs = began;
    const isAllSent = (): boolean => (inFlight === undefined ? dueMs : performance.now()) >= endMs;
    const send = (atMs: number): void => {
      pending++;
      const stub = stubs[sent % connections];
      const request = requests[sent++ % requests.length];
      stub.retrieve(request, new Metadata(), { deadline: Date.now() + deadlineMs }, (error, response) =>
        settle(atMs, error, response),
      );
    };
    if (inFlight !== undefined) {
      for (let i = 0; i < inFlight; i++) send(performance.now());
      return;
    }
    const meanMs = 1000 / ratePerSecond!;
    const tick = (): void => {
      const nowMs = performance.now();
      for (; dueMs <= nowMs && dueMs < endMs; dueMs -= Math.log(1 - Math.random()) * meanMs) send(dueMs);
      if (dueMs < endMs) setTimeout(tick, 1);
      else if (pending === 0) resolve();
    };
    tick();
  });
  stubs.forEach((stub) => stub.close());
  const tookSeconds = (performance.now() - began) / 1000;
  return {
    ...quantilesOf(answeredMs),
    requestsPerSecond: Math.round(answeredMs.length / tookSeconds),
    answers: answeredMs.length,
    errors: Object.values(errorsByStatus).reduce((sum, count) => sum + count, 0),
    errorsByStatus,
    rejectedP50Ms: quantile(rejectedMs, 0.5),
    rejectedP99Ms: quantile(rejectedMs, 0.99),
    mixedVersionAnswers: mixed,
    versions: versions.size,
    degraded,
  };
}

/** Whether an answer's model, index and items name more than one version. */
function isMixed({ modelVersion, indexVersion, candidates }: RetrieveResponse): boolean {
  return (
    indexVersion !== `${modelVersion}.1` || candidates.some(({ itemId }) => !itemId.startsWith(`${modelVersion}/`))
  );
}

/** The quantiles that every measurement tells. */
export function quantilesOf(ms: readonly number[]): Pick<Figures, 'p50Ms' | 'p99Ms' | 'p999Ms'> {
  return { p50Ms: quantile(ms, 0.5), p99Ms: quantile(ms, 0.99), p999Ms: quantile(ms, 0.999) };
}

/** By the nearest rank, to a hundredth; 0 of nothing. */
export function quantile(values: readonly number[], share: number): number {
  if (values.length === 0) return 0;
  const sorted = Float64Array.from(values).sort();
  return Math.round(100 * sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)]) / 100;
}
