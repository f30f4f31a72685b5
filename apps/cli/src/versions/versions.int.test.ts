import { join } from 'node:path';

import { type ModelStore, pinnedVersion, servablePointer } from '@gatehouse/artifacts';
import { createFilesystemModelStore } from '@gatehouse/artifacts/filesystem';
import { systemClock } from '@gatehouse/runtime';
import { createCleanup, createTemporaryFolder } from '@gatehouse/testing';

import { formatVersions, listVersions } from './list-versions';
import { resume, rollback } from './rollback';

const cleanup = createCleanup();
afterEach(() => cleanup.run());

/** Versions 1-1 to 1-3, of which the last two have served. */
async function filledStore(): Promise<ModelStore> {
  const folder = join(await createTemporaryFolder(cleanup), 'artifacts');
  const models = createFilesystemModelStore({ folder, clock: { nowMs: () => Date.UTC(2026, 0, 2, 3, 4, 5) } });
  const trainer = await models.lead('trainer');
  for (const n of [1, 2, 3]) {
    const draft = { parent: null, schemaHash: 'h', offsets: {}, metrics: { events: 100 * n }, parts: {} };
    await trainer.save({ id: `1-${n}`, ...draft });
  }
  await trainer.point('latest', { version: '1-3' });
  const embedder = await models.lead('embedder');
  for (const version of ['1-2', '1-3']) {
    await embedder.point(
      'servable',
      servablePointer(version, { indexId: `${version}.1`, effort: 64 }, await models.pointer('servable')),
    );
  }
  return models;
}

/** What the embedder does about a pin. */
async function followPin(models: ModelStore, until: Promise<unknown>): Promise<void> {
  const embedder = await models.lead('embedder');
  let isOver = false;
  void until.finally(() => (isOver = true)).catch(() => undefined);
  while (!isOver) {
    const pinned = await pinnedVersion(models);
    if (pinned)
      await embedder.point(
        'servable',
        servablePointer(pinned, { indexId: `${pinned}.1`, effort: 64 }, await models.pointer('servable')),
      );
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe('versions', () => {
  it('are listed, newest first, with what each is', async () => {
    const models = await filledStore();
    expect(formatVersions(await listVersions(models))).toBe(
      [
        'version  created              events  index',
        '-------  -------------------  ------  -----  -------------',
        '1-3      2026-01-02 03:04:05  300     1-3.1  serves, latest',
        '1-2      2026-01-02 03:04:05  200     1-2.1',
        '1-1      2026-01-02 03:04:05  100',
      ]
        .join('\n')
        .replace('-------------\n', '--------------\n'),
    );
    expect(formatVersions([])).toBe('no version yet');
  });

  it('are rolled back to, stay pinned, and are let go', async () => {
    const models = await filledStore();
    const rolling = rollback('1-2', { models, clock: systemClock, timeoutMs: 5000 });
    await followPin(models, rolling);
    expect(await rolling).toMatch(/^version 1-2 serves, after \d\.\d s, and stays until \.\/gatehouse resume$/);
    expect((await listVersions(models)).map(({ version, marks }) => [version, marks])).toEqual([
      ['1-3', ['latest']],
      ['1-2', ['serves', 'pinned']],
      ['1-1', []],
    ]);
    expect(await resume(models)).toBe('version 1-2 is no longer pinned: the newest one serves soon');
    expect(await pinnedVersion(models)).toBeUndefined();
    expect(await resume(models)).toBe('no version is pinned');
  });

  it('are not rolled back to when they have no index', async () => {
    const models = await filledStore();
    const rolling = rollback('1-1', { models, clock: systemClock, timeoutMs: 5000 });
    await expect(rolling).rejects.toThrow('version 1-1: expected one that has served lately');
    expect(await pinnedVersion(models)).toBeUndefined();
  });

  it('stay pinned when nobody takes it up in time', async () => {
    const models = await filledStore();
    const rolling = rollback('1-2', { models, clock: systemClock, timeoutMs: 60 });
    await expect(rolling).rejects.toThrow(
      'version 1-2: pinned, but it does not serve after 0.1 s: see that the embedder',
    );
    expect(await pinnedVersion(models)).toBe('1-2');
  });
});
