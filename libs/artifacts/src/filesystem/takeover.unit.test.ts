import fc from 'fast-check';

import { FencedError } from '../errors';
import { draftOf } from '../model-store.contract';
import { createFilesystemModelStore } from './filesystem-model-store';
import { hookFs } from './testing/hook-fs';
import { createPowerCutFs } from './testing/power-cut-fs';

const folder = '/store';

describe('a takeover', () => {
  it('keeps every pointer that the older writer saw succeed, and no later one, in any interleaving', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.boolean(), async (scheduler, hasPointer) => {
        const fs = createPowerCutFs();
        const turns = hookFs(fs, () => scheduler.schedule(Promise.resolve()));
        let inTurns = false;
        const store = createFilesystemModelStore({ folder, fs });
        const older = await createFilesystemModelStore({
          folder,
          fs: hookFs(fs, () => (inTurns ? scheduler.schedule(Promise.resolve()) : undefined)),
        }).lead('trainer');
        await older.save(draftOf('1-1'));
        await older.save(draftOf('1-2'));
        if (hasPointer) await older.point('latest', { version: '1-1' });
        inTurns = true;

        const pointing = older.point('latest', { version: '1-2' }).then(
          () => 'succeeded',
          (error: unknown) => error,
        );
        const leading = [1, 2].map(() => createFilesystemModelStore({ folder, fs: turns }).lead('trainer'));
        const seen = Promise.allSettled(leading).then(() => store.pointer('latest'));
        await scheduler.waitFor(Promise.all([pointing, seen]));
        const overtaken = (await Promise.allSettled(leading)).flatMap((each) =>
          each.status === 'rejected' ? [each.reason as unknown] : [],
        );
        expect(overtaken.length).toBeLessThan(2);
        for (const error of overtaken) expect(error).toBeInstanceOf(FencedError);

        expect(await store.pointer('latest')).toEqual(await seen);
        const outcome = await pointing;
        const before = hasPointer ? '1-1' : undefined;
        expect(outcome === 'succeeded' ? ['1-2'] : [before, '1-2']).toContain((await seen)?.version);
        expect(outcome === 'succeeded' || outcome instanceof FencedError).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  it('makes a save that is under way fail as fenced', async () => {
    const fs = createPowerCutFs();
    const store = createFilesystemModelStore({ folder, fs });
    let overtake = false;
    const older = await createFilesystemModelStore({
      folder,
      fs: hookFs(fs, async ({ name }) => {
        if (!overtake || name !== 'file.sync') return;
        overtake = false;
        await store.lead('trainer');
      }),
    }).lead('trainer');
    overtake = true;
    await expect(older.save(draftOf('1-1'))).rejects.toThrow(FencedError);
    expect(await store.list()).toEqual([]);
  });

  it('lets a prune keep a version that became servable while it ran', async () => {
    const fs = createPowerCutFs();
    const store = createFilesystemModelStore({ folder, fs });
    const embedder = await store.lead('embedder');
    let rollBack = false;
    const trainer = await createFilesystemModelStore({
      folder,
      fs: hookFs(fs, async ({ name }) => {
        if (!rollBack || name !== 'rename') return;
        rollBack = false;
        await embedder.point('servable', { version: '1-1', indexId: '1-1.1' });
      }),
    }).lead('trainer');
    for (const id of ['1-1', '1-2']) await trainer.save(draftOf(id));
    rollBack = true;
    expect(await trainer.prune(1, [])).toEqual([]);
    expect(await store.list()).toEqual(['1-1', '1-2']);
  });
});
