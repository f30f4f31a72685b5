import { createCleanup, createWorld } from '@gatehouse/testing';

import { servingPort } from './serving-port';
import { startQueryLoad } from './start-query-load';
import { watchHealth } from './watch-health';
import { createWorkspace } from './workspace';

jest.setTimeout(60_000);

const world = createWorld({ seed: 19, users: 40, items: 120, groups: 4, events: 400 });
/** An orchestrator kills what is still there this long after SIGTERM. */
const gracePeriodMs = 15_000;

const cleanup = createCleanup();
afterEach(() => cleanup.run());

// The clients do what clients behind a load balancer do: they go on after SIGTERM, until the health service says NOT_SERVING.
it('ends without failing a call', async () => {
  const workspace = await createWorkspace(cleanup);
  await workspace.ingest(world.impressions, world.items);
  workspace.start('trainer', { PUBLISH_AFTER_IDLE_MS: 100 });
  workspace.start('embedder');
  const retriever = workspace.start('retriever');
  const port = await servingPort(retriever);
  const health = watchHealth(port);
  const load = startQueryLoad({ port, userIds: world.users, clients: 8 }, cleanup);
  await health.isServing;

  const beganMs = performance.now();
  const ended = retriever.kill('SIGTERM');
  await health.isNotServing;
  await load.stop();

  expect(await ended).toEqual({ code: 0, signal: null });
  expect(performance.now() - beganMs).toBeLessThan(gracePeriodMs);
  expect(load.failures).toEqual([]);
  expect(load.answers.length).toBeGreaterThanOrEqual(8);
});
