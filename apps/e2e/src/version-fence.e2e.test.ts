import { waitFor } from '@gatehouse/runtime';
import { createCleanup, createWorld } from '@gatehouse/testing';

import { servingPort } from './serving-port';
import { startQueryLoad } from './start-query-load';
import { createWorkspace } from './workspace';

jest.setTimeout(120_000);

const world = createWorld({ seed: 13, users: 40, items: 120, groups: 4, events: 8000 });
const eventsAtOnce = 250;
const leastVersions = 10;

const cleanup = createCleanup();
afterEach(() => cleanup.run());

it('answers from one version each time while versions come and go', async () => {
  const workspace = await createWorkspace(cleanup);
  await workspace.ingest(world.impressions.slice(0, eventsAtOnce), world.items);
  // A version after every second batch, faster than they can be served. Those passed over are kept until the retriever has moved on.
  workspace.start('trainer', { PUBLISH_EVERY_EVENTS: 32, ARTIFACTS_KEEP: 100 });
  workspace.start('embedder', { INDEX_RETAIN_MS: 5000 });
  const port = await servingPort(workspace.start('retriever'));
  const load = startQueryLoad({ port, userIds: world.users, clients: 2 }, cleanup);
  const versions = (): Set<string> => new Set(load.answers.map(({ modelVersion }) => modelVersion));

  for (let at = eventsAtOnce; versions().size < leastVersions && at < world.impressions.length; at += eventsAtOnce) {
    await workspace.ingest(world.impressions.slice(at, at + eventsAtOnce));
  }
  await waitFor(() => versions().size >= leastVersions, {
    what: `${leastVersions} versions in answers`,
    timeoutMs: 30_000,
    everyMs: 50,
  });
  await load.stop();

  expect(load.failures).toEqual([]);
  const odd = load.answers.filter(
    ({ modelVersion, indexVersion, candidates, degraded }) =>
      !indexVersion.startsWith(`${modelVersion}.`) || candidates.length !== 10 || degraded,
  );
  expect(odd.map(({ modelVersion, indexVersion }) => `${modelVersion} with ${indexVersion}`)).toEqual([]);
});
