import { type CandidateClient, createCandidateClient, type RetrieveQuery } from '@gatehouse/client';
import type { Item } from '@gatehouse/domain';
import { waitFor } from '@gatehouse/runtime';
import { createCleanup, createWorld } from '@gatehouse/testing';

import { servingPort } from './serving-port';
import { createWorkspace, type Settings, type Workspace } from './workspace';

jest.setTimeout(120_000);

const world = createWorld({ seed: 23, users: 40, items: 120, groups: 4, events: 800 });
const soon = { timeoutMs: 20_000, everyMs: 20 };
const settings: Settings = {
  SOURCES_LEXICAL_FIELDS: '[group]',
  SOURCES_NEW_COUNT: 5,
  SOURCES_TRENDING_HALF_LIFE_MS: 3_600_000,
};
const item = (itemId: string, group: string, available = true): Item => ({ itemId, features: { group }, available });
const click = (n: number, itemId: string) => ({
  eventId: `late-${n}`,
  userId: `late-${n}`,
  itemId,
  eventTimeMs: Date.now() - n,
  action: 'click',
});

describe('sources that follow the catalogue and the stream', () => {
  const cleanup = createCleanup();
  let workspace: Workspace;
  let client: CandidateClient;

  const startRetriever = async () => {
    const retriever = workspace.start('retriever', settings);
    client = createCandidateClient({ address: `127.0.0.1:${await servingPort(retriever)}`, deadlineMs: 5000 });
    cleanup.add(() => client.close());
    return retriever;
  };

  beforeAll(async () => {
    workspace = await createWorkspace(cleanup);
    await workspace.ingest(world.impressions, world.items);
    const trainer = workspace.start('trainer', { PUBLISH_AFTER_IDLE_MS: 300 });
    await trainer.waitForLine(({ msg }) => msg === 'model.published', { what: 'a version', timeoutMs: 30_000 });
    workspace.start('embedder');
  });
  afterAll(() => cleanup.run());

  const idsOf = async (query: RetrieveQuery): Promise<string[]> =>
    (await client.retrieve(query)).candidates.map(({ itemId }) => itemId);
  const until = (what: string, query: RetrieveQuery, isSo: (ids: readonly string[]) => boolean) =>
    waitFor(async () => isSo(await idsOf(query)), { what, ...soon });

  it('are current within seconds, and know the same after a kill', async () => {
    const retriever = await startRetriever();
    await workspace.ingest([], [item('fresh', 'zebra crossing')]);
    await until('its words', { sources: ['lexical'], queryText: 'Zebra?' }, (ids) => ids.join() === 'fresh');
    await until('the newest', { sources: ['new'] }, ([newest]) => newest === 'fresh');
    const late = [1, 2, 3, 4, 5].map((n) => click(n, 'fresh'));
    await workspace.ingest(late);
    await until('the trend', { sources: ['trending'], limit: 1 }, ([first]) => first === 'fresh');
    const trending = await idsOf({ sources: ['trending'], limit: 1000 });

    await retriever.kill('SIGKILL');
    await startRetriever();
    expect(await idsOf({ sources: ['lexical'], queryText: 'zebra' })).toEqual(['fresh']);
    expect((await idsOf({ sources: ['new'] }))[0]).toBe('fresh');
    await until('the same trend', { sources: ['trending'], limit: 1000 }, (ids) => ids.join() === trending.join());
    const all: RetrieveQuery = {
      userId: 'u1',
      sources: ['two-tower', 'item-to-item', 'trending', 'new', 'lexical'],
      queryText: 'zebra',
      limit: 1000,
    };
    const found = (await client.retrieve(all)).candidates.find(({ itemId }) => itemId === 'fresh');
    expect(found?.sources.map(({ source }) => source)).toEqual(expect.arrayContaining(['trending', 'new', 'lexical']));

    await workspace.ingest([], [item('fresh', 'zebra crossing', false)]);
    await until('its absence', all, (ids) => !ids.includes('fresh'));
  });
});
