import { createMetrics } from './metrics';
import { type MetricsServer, serveMetrics } from './serve-metrics';

describe('serveMetrics', () => {
  const open: MetricsServer[] = [];
  afterEach(() => Promise.all(open.splice(0).map((server) => server.close())));

  async function start(): Promise<string> {
    const metrics = createMetrics('test_');
    metrics.gauge({ name: 'loss', help: 'Loss.' }).set(1.5);
    const server = await serveMetrics(metrics, 0);
    open.push(server);
    return `http://127.0.0.1:${server.port}`;
  }

  it('answers with the values', async () => {
    const response = await fetch(`${await start()}/metrics`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toContain('text/plain');
    expect(await response.text()).toContain('test_loss 1.5');
  });

  it('answers nothing else', async () => {
    const address = await start();
    expect((await fetch(`${address}/`)).status).toBe(404);
    expect((await fetch(`${address}/metrics`, { method: 'POST' })).status).toBe(404);
  });

  it('says when the port is taken', async () => {
    const address = await start();
    await expect(serveMetrics(createMetrics('other_'), Number(new URL(address).port))).rejects.toThrow('EADDRINUSE');
  });
});
