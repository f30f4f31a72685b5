import { createRandom } from '@gatehouse/domain';
import { createCleanup, createWorld, qdrantUrl } from '@gatehouse/testing';

import { killSeeds } from './kill-plan';
import { servingPort } from './serving-port';
import { startQueryLoad } from './start-query-load';
import { createWorkspace, type WorkspaceOptions } from './workspace';

/** Moments of an embedder that starts and refreshes one version: each as often as it happens then, at most. */
type Moments = readonly (readonly [moment: string, most: number])[];
const inFiles: Moments = [
  ['call:open', 40],
  ['call:sync', 16],
  ['call:rename', 6],
  ['call:writeFile', 5],
  ['line:index.servable', 1],
];
/** The first 15 requests make the index, the next 400 try and verify it. */
const onServer: Moments = [
  ['call:fetch', 15],
  ['call:fetch', 415],
  ['call:rename', 4],
  ['line:index.servable', 1],
];

const qdrant = qdrantUrl();
const STORES: readonly (readonly [name: string, options: WorkspaceOptions, moments: Moments])[] = [
  ['files', {}, inFiles],
  ...(qdrant ? ([['Qdrant', { qdrant }, onServer]] as const) : []),
];

const seeds = killSeeds(1, 3);
jest.setTimeout(60_000 + 30_000 * seeds.length);

const eventsPerVersion = 160;
const first = 320;
const world = createWorld({
  seed: 17,
  users: 40,
  items: 120,
  groups: 4,
  events: first + seeds.length * eventsPerVersion,
});

const cleanup = createCleanup();
afterEach(() => cleanup.run());

const title = `serves whole indexes while the embedder is killed (E2E_SEED=${seeds[0]}, ${seeds.length} kills), from %s`;
it.each(STORES)(title, async (_, options, moments) => {
  const workspace = await createWorkspace(cleanup, options);
  const trainer = workspace.start('trainer', { PUBLISH_AFTER_IDLE_MS: 100 });
  const publishedWith = async (count: number): Promise<unknown> =>
    (
      await trainer.waitForLine(({ msg, events }) => msg === 'model.published' && events === count, {
        what: `a version of ${count} events`,
        timeoutMs: 30_000,
      })
    )['modelVersion'];
  await workspace.ingest(world.impressions.slice(0, first), world.items);
  await publishedWith(first);
  let embedder = workspace.start('embedder');
  const retriever = workspace.start('retriever');
  const load = startQueryLoad({ port: await servingPort(retriever), userIds: world.users, clients: 1 }, cleanup);

  for (const [round, seed] of seeds.entries()) {
    await embedder.kill('SIGKILL'); // idle, or not yet at work
    const from = first + round * eventsPerVersion;
    await workspace.ingest(world.impressions.slice(from, from + eventsPerVersion));
    const version = await publishedWith(from + eventsPerVersion);

    const random = createRandom('embedder-kills', seed);
    const [moment, most] = moments[random.below(moments.length)];
    const killAt = `${moment}#${1 + random.below(most)}`;
    const killed = workspace.start('embedder', {}, { killAt });
    const end = await killed.waitForEnd({ what: `a kill at ${killAt}`, timeoutMs: 30_000 });
    expect({ killAt, ...end }).toEqual({ killAt, code: null, signal: 'SIGKILL' });

    embedder = workspace.start('embedder');
    await retriever.waitForLine(({ msg, modelVersion }) => msg === 'version.adopted' && modelVersion === version, {
      what: `version ${String(version)} to serve after a kill at ${killAt}`,
      timeoutMs: 30_000,
    });
  }
  await load.stop();

  expect(load.failures).toEqual([]);
  const poor = load.answers.filter(({ candidates, degraded }) => candidates.length !== 10 || degraded);
  expect(poor.map(({ indexVersion }) => indexVersion)).toEqual([]);
  const adopted = retriever.lines.filter(({ msg }) => msg === 'version.adopted').map((line) => line['indexVersion']);
  expect(
    [...new Set(load.answers.map(({ indexVersion }) => indexVersion))].filter((id) => !adopted.includes(id)),
  ).toEqual([]);
  // What a killed build had left is gone: every index that is there has served.
  expect((await workspace.indexIds()).sort()).toEqual([...adopted].sort());
});
