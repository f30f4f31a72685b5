import { waitFor } from '@gatehouse/runtime';
import { createCleanup, createWorld, qdrantUrl } from '@gatehouse/testing';

import { servingPort } from './serving-port';
import { startQueryLoad } from './start-query-load';
import { createWorkspace, type WorkspaceOptions } from './workspace';

jest.setTimeout(1_200_000);

const leastVersions = Number(process.env['E2E_VERSIONS'] ?? 10);
const eventsAtOnce = 250;
const world = createWorld({ seed: 13, users: 40, items: 120, groups: 4, events: 8000 + 500 * leastVersions });

const qdrant = qdrantUrl();
const STORES: readonly (readonly [name: string, options: WorkspaceOptions])[] = [
  ['embedded indexes', {}],
  ...(qdrant ? ([['Qdrant', { qdrant }]] as const) : []),
];

const cleanup = createCleanup();
afterEach(() => cleanup.run());

it.each(STORES)('answers from one version each time while versions come and go, on %s', async (name, options) => {
  const workspace = await createWorkspace(cleanup, options);
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
    timeoutMs: 120_000,
    everyMs: 50,
  });
  await load.stop();
  const counts = { versions: versions().size, answers: load.answers.length, failures: load.failures.length };
  process.stdout.write(`${name}: ${JSON.stringify(counts)}\n`);

  expect(load.failures).toEqual([]);
  const odd = load.answers.filter(
    ({ modelVersion, indexVersion, candidates, degraded }) =>
      !indexVersion.startsWith(`${modelVersion}.`) || candidates.length !== 10 || degraded,
  );
  expect(odd.map(({ modelVersion, indexVersion }) => `${modelVersion} with ${indexVersion}`)).toEqual([]);
});
