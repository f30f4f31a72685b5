import { createRandom, type ModelVersionId } from '@gatehouse/domain';

import { deltaOf, draftOf, publish } from '../model-store.contract';
import type { ModelStore, ModelWriter } from '../model-store';
import { createFilesystemModelStore } from './filesystem-model-store';
import { type FsCall, hookFs } from './testing/hook-fs';
import { createPowerCutFs, type PowerCutFs } from './testing/power-cut-fs';

const folder = '/srv/gatehouse/store';
const openStore = (fs: Parameters<typeof hookFs>[0]): ModelStore => createFilesystemModelStore({ folder, fs });

/** A disk with the full version 1-1, the deltas 1-2 and 1-3, pointers that name 1-3, and what a writer had left unfinished. */
async function diskWithVersions(): Promise<() => PowerCutFs> {
  const fs = createPowerCutFs();
  const writer = await openStore(fs).lead('trainer');
  await writer.save(draftOf('1-1', 1));
  for (const n of [2, 3]) await writer.save(deltaOf(`1-${n}`, `1-${n - 1}`, n));
  await writer.point('checkpoint', { version: '1-3' });
  await writer.point('latest', { version: '1-3' });
  await fs.makeFolder(`${folder}/versions/.tmp-trainer-1-left`);
  await fs.syncFolder(`${folder}/versions`);
  return () => fs.powerCut(() => 0); // all of it is synced, so this is a copy
}

/** What a trainer does with its store, telling which steps returned. */
async function life(store: ModelStore, done: Set<string>): Promise<void> {
  const writer: ModelWriter = await store.lead('trainer');
  await writer.save(draftOf('2-4', 4));
  await writer.save(deltaOf('2-5', '2-4', 5));
  done.add('saved');
  await writer.point('checkpoint', { version: '2-5' });
  done.add('checkpoint');
  await writer.point('latest', { version: '2-5' });
  done.add('latest');
  await writer.prune(1, []);
  done.add('pruned');
}

/** Runs {@link life} in a process that dies at its `diesAt`-th call: of a write half is done, and all later calls fail. */
async function liveUntil(fs: PowerCutFs, diesAt: number): Promise<{ done: Set<string>; calls: number }> {
  let calls = 0;
  const done = new Set<string>();
  const dying = async ({ tear }: FsCall): Promise<void> => {
    calls++;
    if (calls < diesAt) return;
    if (calls === diesAt) await tear();
    throw Object.assign(new Error('the process is dead'), { code: 'EIO', syscall: 'simulated' });
  };
  await life(openStore(hookFs(fs, dying)), done).catch(() => undefined);
  return { done, calls };
}

/** That of a version whose parts are all of one value. */
async function valueOf(store: ModelStore, id: ModelVersionId): Promise<number> {
  const { parts } = await store.load(id);
  const { value } = parts['towers'].metadata as { value: number };
  expect(parts).toEqual(draftOf(id, value).parts);
  return value;
}

/** The laws that hold after a crash at any moment. */
async function checkSurvivor(fs: PowerCutFs, done: ReadonlySet<string>): Promise<void> {
  const store = openStore(fs);
  for (const name of ['checkpoint', 'latest'] as const) {
    const { version } = (await store.pointer(name))!;
    // What returned has happened; what did not return has happened or not.
    expect(done.has(name) ? ['2-5'] : ['1-3', '2-5']).toContain(version);
  }
  const ids = await store.list();
  expect(ids.includes('2-5') || !done.has('saved')).toBe(true);
  for (const id of ids) expect(await valueOf(store, id)).toBe(Number(id.slice(2)));

  const next = await store.lead('trainer');
  const id = await publish(next, 9);
  await next.prune(1, []);
  expect((await store.pointer('checkpoint'))?.version).toBe(id);
  expect(await valueOf(store, id)).toBe(9);
  expect(fs.paths().filter((path) => path.includes('.tmp-'))).toEqual([]);
}

describe('a crash of the trainer', () => {
  let disk: () => PowerCutFs;
  let calls: number;
  beforeAll(async () => {
    disk = await diskWithVersions();
    const whole = await liveUntil(disk(), Infinity);
    expect([...whole.done]).toEqual(['saved', 'checkpoint', 'latest', 'pruned']);
    expect(whole.calls).toBeGreaterThan(120);
    calls = whole.calls;
  });

  it('leaves every version whole and every pointer on one, at each call to the file system', async () => {
    for (let diesAt = 1; diesAt <= calls; diesAt++) {
      const fs = disk();
      const { done } = await liveUntil(fs, diesAt);
      await checkSurvivor(fs, done);
    }
  });

  it.each([0, 1, 2])(
    'does so when the power goes too, with any part of what was not synced (seed %p)',
    async (seed) => {
      for (let diesAt = 1; diesAt <= calls + 1; diesAt++) {
        const random = createRandom('power cut', 1000 * diesAt + seed);
        const fs = disk();
        const { done } = await liveUntil(fs, diesAt);
        await checkSurvivor(fs.powerCut(seed === 0 ? () => 0 : () => random.next()), done);
      }
    },
  );

  it('in its first start leaves a folder in which the next can start', async () => {
    for (let diesAt = 1, died = true; died; diesAt++) {
      const fs = createPowerCutFs();
      died = (await liveUntil(fs, diesAt)).calls >= diesAt;
      const survivor = fs.powerCut(() => 0);
      const id = await publish(await openStore(survivor).lead('trainer'), 9);
      expect(await valueOf(openStore(survivor), id)).toBe(9);
    }
  });
});
