import fc from 'fast-check';

import { hashIds } from '@gatehouse/domain';

import { StorageError } from '../errors';
import { createUserState } from '../memory/memory-user-state';
import { impression, temporaryFolder } from '../samples.contract';
import { testOptions } from '../user-state.contract';
import { createEmbeddedUserState, type EmbeddedUserState } from './embedded-user-state';

describe('embedded user state', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let users: EmbeddedUserState;
  beforeEach(async () => {
    folder = await temporaryFolder();
    users = createEmbeddedUserState(folder.path, testOptions);
    await users.apply([impression({ userId: 'u1', itemId: 'ä/1' })], { impressions: { 0: 7 } });
  });
  afterEach(async () => {
    await users.close();
    await folder.remove();
  });

  it('resumes from its offsets after a restart', async () => {
    await users.close();
    users = createEmbeddedUserState(folder.path, testOptions);
    expect(users.offsets).toEqual({ impressions: { 0: 7 } });
    expect(users.get('u1')!.history).toEqual([{ itemId: 'ä/1', eventTimeMs: 1_700_000_000_000 }]);
    expect(users.userCount).toBe(1);
  });

  it('starts afresh with other limits', async () => {
    await users.close();
    users = createEmbeddedUserState(folder.path, { ...testOptions, seenLimit: 6 });
    expect(users.offsets).toEqual({});
    expect(users.get('u1')).toBeUndefined();
    expect(users.userCount).toBe(0);
  });

  it('shows at once what another handle applied', async () => {
    const reader = createEmbeddedUserState(folder.path, testOptions);
    expect(reader.get('u2')).toBeUndefined();
    await users.apply([impression({ userId: 'u2' })], { impressions: { 0: 8 } });
    expect(reader.get('u2')!.history).toHaveLength(1);
    expect(reader.offsets).toEqual({ impressions: { 0: 8 } });
    await reader.close();
  });

  it('applies users and offsets together or not at all', async () => {
    // lmdb refuses the second key: above its limit of 1978 bytes.
    const batch = [impression({ userId: 'u3' }), impression({ userId: 'x'.repeat(3000) })];
    await expect(users.apply(batch, { impressions: { 0: 9 } })).rejects.toThrow(StorageError);
    expect(users.get('u3')).toBeUndefined();
    expect(users.offsets).toEqual({ impressions: { 0: 7 } });
    expect(users.userCount).toBe(1);
  });

  it('takes over users of any ids, whatever the order', async () => {
    // Above U+FFFF, UTF-16 and UTF-8 order differently.
    const id = fc.string({ unit: fc.constantFrom('a', 'b', 'é', '\uffee', '😀'), minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(id, { maxLength: 40 }), async (ids) => {
        await users.load(snapshotOf(ids), { impressions: { 0: 9 } });
        expect(users.userCount).toBe(ids.length);
        const found = ids.map((userId) => users.get(userId)?.history.map(({ itemId }) => itemId));
        expect(found).toEqual(ids.map((userId) => [`of ${userId}`]));
      }),
      { numRuns: 30 },
    );
  });

  it('takes over more users than fit a turn, answers from what it had meanwhile, and keeps all after a restart', async () => {
    const ids = Array.from({ length: 5000 }, (_, n) => `user-${Math.imul(n, 2_654_435_761) >>> 0}`);
    const looks: string[] = [];
    const look = (): void => {
      looks.push([users.get('u1') && 'old', users.get(ids[0]) && 'new'].filter(Boolean).join(' and '));
    };
    const timer = setInterval(look, 0);
    await users.load(snapshotOf(ids), { impressions: { 0: 9 } });
    clearInterval(timer);
    look();
    expect(looks[0]).toBe('old');
    expect(looks.at(-1)).toBe('new');
    expect(new Set(looks)).toEqual(new Set(['old', 'new'])); // never a mixture
    await users.close();
    users = createEmbeddedUserState(folder.path, testOptions);
    expect(users.userCount).toBe(5000);
    expect(users.offsets).toEqual({ impressions: { 0: 9 } });
    expect(ids.every((userId) => users.get(userId)?.hasSeen(`of ${userId}`))).toBe(true);
    expect(users.get('u1')).toBeUndefined();
  });

  it('of two loads at a time, takes over the one that began last, whole', async () => {
    const [first, second] = [0, 1].map((set) => Array.from({ length: 5000 }, (_, n) => `set-${set}-${n}`));
    const other = createEmbeddedUserState(folder.path, testOptions);
    const loads = await Promise.allSettled([
      users.load(snapshotOf(first), { impressions: { 0: 1 } }),
      other.load(snapshotOf(second), { impressions: { 0: 2 } }),
    ]);
    await other.close();
    const winner = loads.findIndex(({ status }) => status === 'fulfilled');
    expect(loads.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(users.offsets).toEqual({ impressions: { 0: winner + 1 } });
    expect([first, second][winner].every((userId) => users.get(userId) !== undefined)).toBe(true);
    expect([first, second][1 - winner].some((userId) => users.get(userId) !== undefined)).toBe(false);
  });

  it('refuses a snapshot that has a user twice, and stays as it was', async () => {
    const { tensors, metadata } = snapshotOf(['a', 'b']);
    const twice = {
      ...tensors,
      'user-ids': { ...tensors['user-ids'], data: new Uint8Array([97, 97]) },
    } as typeof tensors;
    await expect(users.load({ tensors: twice, metadata }, {})).rejects.toThrow(
      'expected each user once, found a twice',
    );
    expect(users.get('u1')!.seenKeys).toEqual(hashIds(['ä/1']));
    expect(users.offsets).toEqual({ impressions: { 0: 7 } });
  });
});

/** Each user with one item of its own. */
function snapshotOf(ids: readonly string[]) {
  const trainer = createUserState(testOptions);
  trainer.apply(
    ids.map((userId) => impression({ userId, itemId: `of ${userId}` })),
    {},
  );
  return trainer.snapshot();
}
