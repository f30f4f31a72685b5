import { type CandidateClient, createCandidateClient, type RetrieveResponse } from '@gatehouse/client';
import type { Item } from '@gatehouse/domain';
import { waitFor } from '@gatehouse/runtime';
import { createCleanup, createWorld, qdrantUrl } from '@gatehouse/testing';

import { servingPort } from './serving-port';
import { createWorkspace, type Workspace, type WorkspaceOptions } from './workspace';

jest.setTimeout(120_000);

const world = createWorld({ seed: 17, users: 40, items: 120, groups: 4, events: 1600 });
const qdrant = qdrantUrl();
const STORES: readonly (readonly [name: string, options: WorkspaceOptions])[] = [
  ['embedded indexes', {}],
  ...(qdrant ? ([['Qdrant', { qdrant }]] as const) : []),
];
const soon = { timeoutMs: 20_000, everyMs: 20 };
const item = (itemId: string, available = true): Item => ({ itemId, features: { group: 'g1' }, available });

describe.each(STORES)('a catalogue that changes, on %s', (_, options) => {
  const cleanup = createCleanup();
  let workspace: Workspace;
  let client: CandidateClient;

  beforeAll(async () => {
    workspace = await createWorkspace(cleanup, options);
    await workspace.ingest(world.impressions.slice(0, 800), world.items);
    const trainer = workspace.start('trainer', { PUBLISH_AFTER_IDLE_MS: 300, ARTIFACTS_KEEP: 50 });
    await trainer.waitForLine(({ msg }) => msg === 'model.published', { what: 'a version', timeoutMs: 30_000 });
    workspace.start('embedder', { INDEX_FOLD_AFTER_CHANGES: 4 });
    client = createCandidateClient({
      address: `127.0.0.1:${await servingPort(workspace.start('retriever'))}`,
      deadlineMs: 5000,
    });
    cleanup.add(() => client.close());
  });
  afterAll(() => cleanup.run());

  const answer = (): Promise<RetrieveResponse> =>
    client.retrieve({ userId: 'u1', limit: 1000, sources: ['two-tower'] });
  const until = (what: string, isSo: (answer: RetrieveResponse) => boolean): Promise<RetrieveResponse> =>
    waitFor(
      async () => {
        const found = await answer();
        return isSo(found) && found;
      },
      { what, ...soon },
    );
  const has = (itemId: string) => (found: RetrieveResponse) => found.candidates.some((one) => one.itemId === itemId);

  it('shows and hides items at once, is built again when much has changed, and serves an earlier version when told to', async () => {
    const { modelVersion: first, indexVersion } = await until('an answer', ({ candidates }) => candidates.length > 0);
    await workspace.ingest([], [item('new-1')]);
    const shown = await until('the new item', has('new-1'));
    expect([shown.modelVersion, shown.indexVersion]).toEqual([first, indexVersion]);
    await workspace.ingest([], [item('new-1', false)]);
    await until('its absence', (found) => !has('new-1')(found));

    await workspace.ingest(
      [],
      ['new-2', 'new-3'].map((itemId) => item(itemId)),
    ); // with those before: four changes
    const again = await until('a new build', (found) => found.indexVersion !== indexVersion);
    expect(again.modelVersion).toBe(first);
    expect(again.candidates).toHaveLength(world.items.length + 2);

    await workspace.ingest(world.impressions.slice(800));
    const { modelVersion: second } = await until('the next version', ({ modelVersion }) => modelVersion !== first);
    await workspace.ingest([], [item('new-5')]);
    await until('the new item', has('new-5'));

    const rolledBack = workspace.command(['rollback', first]);
    expect(await rolledBack.ended).toEqual({ code: 0, signal: null });
    expect(rolledBack.lines.map(({ msg }) => msg).join()).toContain(`version ${first} serves, after`);
    const after = await until('the first version', ({ modelVersion }) => modelVersion === first);
    expect(has('new-5')(after)).toBe(true);

    const versions = workspace.command(['versions']);
    await versions.ended;
    const marks = Object.fromEntries(
      versions.lines.map(({ msg }) => msg.trim().split(/ {2,}/)).map((cells) => [cells[0], cells.at(-1)]),
    );
    expect([marks[first], marks[second]]).toEqual(['serves, pinned', expect.stringContaining('latest')]);

    expect(await workspace.command(['resume']).ended).toEqual({ code: 0, signal: null });
    await until('the second version', ({ modelVersion }) => modelVersion === second);
  });
});
