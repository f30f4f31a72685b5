import { type CandidateClient, createCandidateClient, type RetrieveResponse } from '@gatehouse/client';
import { waitFor } from '@gatehouse/runtime';
import { createCleanup, createWorld, kafkaBrokers, type TestProcess } from '@gatehouse/testing';

import { servingPort } from './serving-port';
import { createWorkspace, type Workspace, type WorkspaceOptions } from './workspace';

jest.setTimeout(60_000);

const groups = 4;
const world = createWorld({ seed: 11, users: 60, items: 160, groups, events: 1800, shownShare: 0.1 });
const newest = world.impressions[world.impressions.length - 1].eventTimeMs;

const brokers = kafkaBrokers();
const LOGS: readonly (readonly [name: string, options: WorkspaceOptions])[] = [
  ['an embedded log', {}],
  ...(brokers ? ([['a broker', { brokers, partitions: 3 }]] as const) : []),
];

describe.each(LOGS)('from an impression to a candidate, on %s', (_, options) => {
  const cleanup = createCleanup();
  let workspace: Workspace;
  let apps: TestProcess[];
  let port: number;
  let client: CandidateClient;

  beforeAll(async () => {
    workspace = await createWorkspace(cleanup, options);
    await workspace.ingest(world.impressions, world.items);
    const trainer = workspace.start('trainer', { PUBLISH_AFTER_IDLE_MS: 300 });
    await trainer.waitForLine(({ msg }) => msg === 'model.published', { what: 'a version', timeoutMs: 30_000 });
    const [embedder, retriever] = [workspace.start('embedder'), workspace.start('retriever')];
    apps = [trainer, embedder, retriever];
    port = await servingPort(retriever);
    client = createCandidateClient({ address: `127.0.0.1:${port}`, deadlineMs: 5000 });
    cleanup.add(() => client.close());
  });

  afterAll(async () => {
    try {
      for (const app of apps) expect({ app: app.name, ...(await app.kill('SIGTERM')) }).toMatchObject({ code: 0 });
    } finally {
      await cleanup.run();
    }
  });

  const ask = (userId: string, limit = 10): Promise<RetrieveResponse> =>
    client.retrieve({ userId, limit, excludeSeen: true });

  it('ranks items of the own group on top, all from one version', async () => {
    const answers = await Promise.all(world.users.map(async (userId) => ({ userId, ...(await ask(userId)) })));

    let own = 0;
    for (const { userId, candidates, modelVersion, indexVersion, degraded } of answers) {
      expect({ count: candidates.length, degraded }).toEqual({ count: 10, degraded: false });
      expect(indexVersion).toBe(`${modelVersion}.1`);
      expect(new Set(candidates.flatMap(({ sources }) => sources.map(({ source }) => source)))).toEqual(
        new Set(['two-tower']),
      );
      own += candidates.filter(({ itemId }) => world.groupOf(itemId) === world.groupOf(userId)).length;
    }
    // By chance it would be a quarter of the 600, give or take 11 (one standard deviation).
    expect(own / (10 * world.users.length)).toBeGreaterThan(0.7);
  });

  it('leaves out what the user has seen', async () => {
    const clicked = new Set(
      world.impressions
        .filter(({ userId, action }) => userId === 'u5' && action === 'click')
        .map(({ itemId }) => itemId),
    );

    const { candidates } = await ask('u5', 1000);

    expect(candidates).toHaveLength(world.items.length - clicked.size);
    expect(candidates.filter(({ itemId }) => clicked.has(itemId))).toEqual([]);
  });

  it('answers by an event that happens while it runs', async () => {
    const before = await ask('u7');
    const itemId = before.candidates[0].itemId;
    const eventTimeMs = newest + 60_000;

    await workspace.ingest([{ eventId: 'now', userId: 'u7', itemId, eventTimeMs, action: 'click' }]);

    const after = await waitFor(
      async () => {
        const answer = await ask('u7');
        return answer.freshness?.userEventTimeMs === eventTimeMs && answer;
      },
      { what: 'an answer that knows the click', timeoutMs: 5000, everyMs: 10 },
    );
    expect(after.modelVersion).toBe(before.modelVersion); // nothing was learned in between
    expect(after.candidates.map((candidate) => candidate.itemId)).not.toContain(itemId);
    const scores = new Map(before.candidates.map((candidate) => [candidate.itemId, candidate.score]));
    const kept = after.candidates.filter((candidate) => scores.has(candidate.itemId));
    expect(kept.some((candidate) => candidate.score !== scores.get(candidate.itemId))).toBe(true); // the query has moved
  });

  it('answers for somebody it has never met, and names the sources', async () => {
    const { candidates } = await ask('somebody-new');

    expect(candidates).toHaveLength(10);
    expect(new Set(candidates.flatMap(({ sources }) => sources.map(({ source }) => source)))).toEqual(
      new Set(['two-tower', 'popular']),
    );
  });

  it('prints the same answer on the command line', async () => {
    const { candidates, modelVersion, indexVersion } = await ask('u9', 5);

    const query = workspace.command(['query', '--user', 'u9', '--limit', '5'], { RETRIEVER_PORT: port });

    expect(await query.ended).toEqual({ code: 0, signal: null });
    const [source, header, , ...rows] = query.lines.map(({ msg }) => msg.trim().split(/ {2,}/));
    expect(source).toEqual([`model ${modelVersion}, index ${indexVersion}`]);
    expect(header).toEqual(['rank', 'item', 'title', 'score', 'sources']);
    expect(rows.map(([rank, itemId]) => [rank, itemId])).toEqual(
      candidates.map(({ itemId }, i) => [String(i + 1), itemId]),
    );
  });
});
