import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { createCandidateClient } from '@gatehouse/client';
import { waitFor } from '@gatehouse/runtime';
import { createCleanup, createWorld } from '@gatehouse/testing';

import { servingPort } from './serving-port';
import { createWorkspace, schemaFile } from './workspace';

jest.setTimeout(60_000);

const groups = 4;
const world = createWorld({ seed: 13, users: 60, items: 160, groups, events: 1800 });

describe('what is known of a user beside the events', () => {
  const cleanup = createCleanup();
  afterAll(() => cleanup.run());

  it('decides the answer to somebody who has done nothing yet, and a change of it the next one', async () => {
    const workspace = await createWorkspace(cleanup);
    const schema = (await readFile(schemaFile, 'utf8'))
      .replace('tables:', 'tables:\n  groups:\n    dimension: 8\n    learningRate: 0.5')
      .replace(
        /query:\n {2}features:[\s\S]*?layers/,
        'query:\n  features:\n    - { name: group, kind: category, table: groups }\n  layers',
      );
    const SCHEMA = join(workspace.folder, 'profiles.schema.yaml');
    await writeFile(SCHEMA, schema);
    const put = async (rows: readonly string[]): Promise<void> => {
      const [users, events] = ['users.csv', 'none.csv'].map((name) => join(workspace.folder, name));
      await writeFile(users, ['user,group', ...rows, ''].join('\n'));
      await writeFile(events, 'user,item,timestamp,action\n');
      const { code } = await workspace.command(['ingest', events, '--users', users], { SCHEMA }).ended;
      expect(code).toBe(0);
    };
    await put([...world.users.map((userId) => `${userId},g${world.groupOf(userId)}`), 'new,g2']);
    await workspace.ingest(world.impressions, world.items, { SCHEMA });

    const trainer = workspace.start('trainer', { SCHEMA, PUBLISH_AFTER_IDLE_MS: 300 });
    await trainer.waitForLine(({ msg }) => msg === 'model.published', { what: 'a version', timeoutMs: 30_000 });
    workspace.start('embedder');
    const client = createCandidateClient({
      address: `127.0.0.1:${await servingPort(workspace.start('retriever'))}`,
      deadlineMs: 5000,
    });
    cleanup.add(() => client.close());
    /** How many of the first ten are of a group: by chance 2.5, give or take 1.4 (one standard deviation). */
    const ofGroup = async (group: number): Promise<number> => {
      const { candidates } = await client.retrieve({ userId: 'new', limit: 10, sources: ['two-tower'] });
      return candidates.filter(({ itemId }) => world.groupOf(itemId) === group).length;
    };
    await waitFor(async () => (await ofGroup(2)) >= 8, { what: 'items of group 2', timeoutMs: 10_000, everyMs: 50 });

    await put(['new,g1']);

    await waitFor(async () => (await ofGroup(1)) >= 8, { what: 'items of group 1', timeoutMs: 5000, everyMs: 10 });
  });
});
