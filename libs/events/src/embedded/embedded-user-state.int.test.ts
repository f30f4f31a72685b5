import { StorageError } from '../errors';
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
});
