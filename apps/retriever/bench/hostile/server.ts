import { RetrieveResponse } from '@gatehouse/proto';
import { createExactItemIndexStore } from '@gatehouse/item-index/exact';
import { createLogger, createMetrics, delay, systemClock } from '@gatehouse/runtime';

import { createCalls } from '../../src/calls';
import { retrieverConfig } from '../../src/config';
import { createOverloadControl } from '../../src/overload/control-overload';
import { startServer } from '../../src/server';
import { createTelemetry } from '../../src/telemetry';
import { createTracing } from '../../src/tracing';
import { createPeers } from '../../src/transport/peers';
import type { ClosedFor } from '../../src/transport/start-transport';

const dimension = 64;
const items = 2_000;
const candidates = 100;

/** Connections that the server closed or refused, by reason. */
const closed: Record<string, number> = {};

/** A server with the settings of `config/retriever.yaml`, whose calls search an index exactly. Tells its port when asked. */
export function runServer(): void {
  process.once('disconnect', () => process.exit(0));
  process.once('message', () => void start());
  process.on('message', (message) => {
    if (message === 'facts') process.send?.({ ...process.cpuUsage(), closed });
  });
}

async function start(): Promise<void> {
  const store = createExactItemIndexStore();
  const index = await store.create('1-1.1', { dimension, metric: 'dot', attributes: {}, manifest: {} });
  await index.upsert(
    Array.from({ length: items }, (_, i) => ({ itemId: `item-${i}`, vector: vectorOf(i), attributes: {} })),
  );
  await index.seal();
  let calls = 0;
  const retrieve = async (): Promise<RetrieveResponse> => {
    const hits = await index.search({ vector: vectorOf(calls++), k: candidates });
    return RetrieveResponse.fromPartial({ candidates: hits.map(({ itemId, score }) => ({ itemId, score })) });
  };
  const refuse = () => Promise.reject(new Error('not in this benchmark'));
  const settings = retrieverConfig.parse({ port: 0 });
  const logger = createLogger({ app: 'bench', level: 'silent' });
  const { admission } = createOverloadControl(settings, systemClock);
  const metrics = createMetrics('bench_');
  const onClosed = (why: ClosedFor): void => {
    closed[why] = (closed[why] ?? 0) + 1;
  };
  const server = await startServer(
    { retrieve, batchRetrieve: refuse, similarItems: refuse },
    createCalls(settings.calls, {
      admission,
      telemetry: createTelemetry(metrics),
      tracing: createTracing(),
      clock: systemClock,
      logger,
    }),
    settings,
    { peers: createPeers(), interceptors: [], clock: systemClock, delay, logger, onClosed },
  );
  process.send?.(server.port);
}

function vectorOf(seed: number): Float32Array {
  return Float32Array.from({ length: dimension }, (_, d) => Math.sin(seed * 12.9898 + d * 78.233));
}
