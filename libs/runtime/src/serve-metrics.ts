import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { Metrics } from './metrics';

/** A listening metrics endpoint. */
export interface MetricsServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Slow or silent clients are cut off: a scrape takes milliseconds. */
const timeoutMs = 5_000;
const maxConnections = 16;

/**
 * Serves on loopback: `GET /metrics` in the text format of Prometheus; `GET /livez`, which is answered 200 while the process runs; and
 * `GET /readyz`, 200 or 503. Every other request is answered 404.
 *
 * @param port 0: one that the system chooses.
 * @param isReady whether what the process depends on is there.
 * @throws what listening throws, for example EADDRINUSE.
 * @example const server = await serveMetrics(metrics, 9464); // http://127.0.0.1:9464/metrics
 */
export async function serveMetrics(
  metrics: Pick<Metrics, 'render'>,
  port: number,
  isReady: () => boolean = () => true,
): Promise<MetricsServer> {
  const answers: Readonly<Record<string, (response: ServerResponse) => void>> = {
    '/metrics': (response) =>
      void metrics.render().then(
        (text) => response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(text),
        () => response.writeHead(500).end(),
      ),
    '/livez': (response) => response.writeHead(200).end(),
    '/readyz': (response) => response.writeHead(isReady() ? 200 : 503).end(),
  };
  const server = createServer({ requestTimeout: timeoutMs, headersTimeout: timeoutMs }, (request, response) => {
    const path = request.url ?? '';
    if (request.method === 'GET' && Object.hasOwn(answers, path)) answers[path](response);
    else response.writeHead(404).end();
  });
  server.maxConnections = maxConnections;
  await listen(server, port);
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
}
