import fc from 'fast-check';

import { FencedError } from '../errors';
import type { ModelStore } from '../model-store';
import { draftOf } from '../model-store.contract';
import { createFilesystemModelStore } from './filesystem-model-store';
import { hookFs } from './testing/hook-fs';
import { createPowerCutFs } from './testing/power-cut-fs';

const folder = '/store';

const [older, firstLeader, secondLeader] = [0, 1, 2];

/** Who makes how many calls to the file system, one entry after the other. Calls that are not planned come in any order. */
type Plan = [actor: number, calls: number][];

/** Lets actors make their calls in the order of a plan. */
function createTurns(): { hook: (actor: number) => () => Promise<void> | void; play: (plan: Plan) => Promise<void> } {
  const waiting = new Map<number, () => void>();
  let free = false;
  const release = (actor: number): boolean => {
    const resume = waiting.get(actor);
    waiting.delete(actor);
    resume?.();
    return resume !== undefined;
  };
  return {
    hook: (actor) => () => (free ? undefined : new Promise((resolve) => waiting.set(actor, resolve))),
    play: async (plan) => {
      for (const [actor, calls] of plan) {
        // In memory everything but a turn is a microtask, so after a macrotask each actor waits for a turn or is done.
        for (let call = 0; call < calls; call++) {
          await new Promise(setImmediate);
          if (!release(actor)) break;
        }
      }
      free = true;
      for (const actor of [older, firstLeader, secondLeader]) release(actor);
    },
  };
}

/** An older writer moves a pointer to 1-2 while two new leaders take over. */
async function race(plan: Plan, hasPointer: boolean): Promise<void> {
  const fs = createPowerCutFs();
  const turns = createTurns();
  const storeOf = (actor: number): ModelStore =>
    createFilesystemModelStore({ folder, fs: hookFs(fs, turns.hook(actor)) });
  const store = createFilesystemModelStore({ folder, fs });
  let racing = false;
  const olderFs = hookFs(fs, () => (racing ? turns.hook(older)() : undefined));
  const writer = await createFilesystemModelStore({ folder, fs: olderFs }).lead('trainer');
  await writer.save(draftOf('1-1'));
  await writer.save(draftOf('1-2'));
  if (hasPointer) await writer.point('latest', { version: '1-1' });
  racing = true;

  const pointing = Promise.allSettled([writer.point('latest', { version: '1-2' })]);
  const leading = Promise.allSettled([firstLeader, secondLeader].map((actor) => storeOf(actor).lead('trainer')));
  const seen = leading.then(() => store.pointer('latest'));
  await turns.play(plan);

  const [pointed] = await pointing;
  const failures = [pointed, ...(await leading)].flatMap((each) =>
    each.status === 'rejected' ? [each.reason as unknown] : [],
  );
  for (const failure of failures) expect(failure).toBeInstanceOf(FencedError);
  // The newest leader led, what it found stays, and what the older writer saw succeed is in it.
  expect((await leading).some(({ status }) => status === 'fulfilled')).toBe(true);
  expect(await store.pointer('latest')).toEqual(await seen);
  const possible = pointed.status === 'fulfilled' ? ['1-2'] : [hasPointer ? '1-1' : undefined, '1-2'];
  expect(possible).toContain((await seen)?.version);
}

describe('a takeover', () => {
  it('keeps a pointer that the older writer saw succeed, and none later, wherever it comes between two calls', async () => {
    for (let calls = 0; calls < 30; calls++) {
      for (const plan of [
        [
          [older, calls],
          [firstLeader, Infinity],
        ],
        [
          [firstLeader, calls],
          [older, Infinity],
        ],
      ] as Plan[]) {
        await race(plan, true);
      }
    }
    expect.hasAssertions();
  });

  it('does so for two new leaders and any other order of calls', async () => {
    const calls = fc.oneof(fc.integer({ min: 1, max: 12 }), fc.constant(Infinity));
    const plans = fc.array(fc.tuple(fc.nat(secondLeader), calls), { maxLength: 6 });
    await fc.assert(fc.asyncProperty(plans, fc.boolean(), race), { numRuns: 100 });
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
