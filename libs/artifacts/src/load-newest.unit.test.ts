import type { ModelVersionId } from '@gatehouse/domain';

import { DamagedVersionError, MissingVersionError, NoUsableVersionError } from './errors';
import { loadNewest, type RefusedVersion } from './load-newest';
import type { LoadedVersion, Manifest, ModelReader } from './model-store';

/** A store of the named versions; each that has an error throws it. */
function readerOf(
  pointer: ModelVersionId | undefined,
  versions: Readonly<Record<ModelVersionId, Error | undefined>>,
  bases: Readonly<Record<ModelVersionId, ModelVersionId>> = {},
): Pick<ModelReader, 'pointer' | 'list' | 'manifest' | 'load'> {
  return {
    pointer: async () => (pointer === undefined ? undefined : { version: pointer }),
    list: async () => Object.keys(versions),
    manifest: async (id) => {
      if (!(id in versions)) throw new MissingVersionError(id);
      return { id, base: bases[id] ?? null } as Manifest;
    },
    load: async (id, parts) => {
      const error = id in versions ? versions[id] : new MissingVersionError(id);
      if (error) throw error;
      return {
        manifest: { id },
        parts: Object.fromEntries((parts ?? []).map((part) => [part, {}])),
      } as unknown as LoadedVersion;
    },
  };
}
const damaged = (id: ModelVersionId): Error => new DamagedVersionError(id, 'towers.safetensors', 'cut short');

describe('loadNewest', () => {
  it('loads the version that the pointer names, not a newer one, and hands on the parts', async () => {
    const newest = await loadNewest(
      readerOf('1-2', { '1-1': undefined, '1-2': undefined, '1-3': undefined }),
      'latest',
      ['towers'],
    );
    expect(newest).toMatchObject({ manifest: { id: '1-2' }, parts: { towers: {} } });
  });

  it('passes over damaged and missing versions, newest first, and tells of each', async () => {
    const refused: RefusedVersion[] = [];
    const reader = readerOf('2-4', { '1-9': undefined, '1-10': undefined, '2-3': damaged('2-3'), '2-5': undefined });
    const newest = await loadNewest(reader, 'checkpoint', undefined, (error) => refused.push(error));
    expect(newest?.manifest.id).toBe('1-10');
    expect(refused.map(({ name, version }) => [name, version])).toEqual([
      ['MissingVersionError', '2-4'],
      ['DamagedVersionError', '2-3'],
    ]);
  });

  it('goes back so far and no further', async () => {
    const reader = readerOf('1-4', {
      '1-1': undefined,
      '1-2': damaged('1-2'),
      '1-3': damaged('1-3'),
      '1-4': damaged('1-4'),
    });
    const error: unknown = await loadNewest(reader, 'latest').catch((each: unknown) => each);
    expect(error).toBeInstanceOf(NoUsableVersionError);
    expect(error).toMatchObject({ tried: ['1-4', '1-3', '1-2'], cause: { version: '1-4' } });
    expect((await loadNewest(reader, 'latest', undefined, undefined, 3))?.manifest.id).toBe('1-1');
  });

  it.each([
    ['1-3', '1-2', 'the full version'],
    ['1-5', '1-4', 'a delta in the middle'],
    ['1-6', '1-5', 'the newest delta'],
  ])('counts damage to %s once and goes on with %s (%s of a chain)', async (damagedId, expected) => {
    const ids = ['1-1', '1-2', '1-3', '1-4', '1-5', '1-6'];
    const bases = { '1-2': '1-1', '1-4': '1-3', '1-5': '1-4', '1-6': '1-5' };
    const versions = ids.map((id) => [id, id < damagedId ? undefined : damaged(damagedId)] as const);
    const refused: RefusedVersion[] = [];
    const reader = readerOf('1-6', Object.fromEntries(versions), bases);
    const newest = await loadNewest(reader, 'checkpoint', undefined, (error) => refused.push(error), 1);
    expect(newest?.manifest.id).toBe(expected);
    expect(refused.map(({ version }) => version)).toEqual([damagedId]);
  });

  it('tries a given list in its order', async () => {
    const reader = readerOf(undefined, { '1-1': undefined, '1-2': damaged('1-2') });
    expect((await loadNewest(reader, ['1-2', '1-1']))?.manifest.id).toBe('1-1');
  });

  it('is undefined where nothing was published', async () => {
    expect(await loadNewest(readerOf(undefined, { '1-1': undefined }), 'latest')).toBeUndefined();
    expect(await loadNewest(readerOf('1-1', { '1-1': undefined }), [])).toBeUndefined();
  });

  it('does not take a failing disk for a damaged version', async () => {
    const failure = new Error('EMFILE');
    await expect(loadNewest(readerOf('1-2', { '1-1': undefined, '1-2': failure }), 'latest')).rejects.toBe(failure);
  });
});
