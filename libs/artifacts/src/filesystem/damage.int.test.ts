import { cp, mkdtemp, readFile, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createRandom } from '@gatehouse/domain';

import {
  DamagedPointerError,
  DamagedVersionError,
  MissingVersionError,
  NoUsableVersionError,
  UnsupportedVersionError,
} from '../errors';
import { loadNewest } from '../load-newest';
import { draftOf, publish } from '../model-store.contract';
import type { ModelStore, ModelWriter } from '../model-store';
import { createFilesystemModelStore } from './filesystem-model-store';
import { encodeManifest } from './manifest-file';

const large = 'tables.items.safetensors';
const files = ['manifest.json', large, 'towers.safetensors'];

describe('damage to what is stored', () => {
  let folder: string;
  let store: ModelStore;
  let writer: ModelWriter;
  const at = (file: string, version = '1-2'): string => join(folder, 'versions', version, file);

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'artifacts-'));
    store = createFilesystemModelStore({ folder });
    writer = await store.lead('trainer');
    await publish(writer, 1);
    const draft = draftOf('1-2', 2);
    const rows = { dtype: 'F32', shape: [5000], data: new Float32Array(5000).fill(0.5) } as const;
    await writer.save({ ...draft, parts: { ...draft.parts, 'tables.items': { tensors: { rows }, metadata: null } } });
    await writer.point('checkpoint', { version: '1-2' });
  });
  afterEach(() => rm(folder, { recursive: true }));

  it.each(files)('is found for single bits of %s (seed 11), naming the file', async (file) => {
    const random = createRandom('bits', 11);
    const sound = await readFile(at(file));
    for (let i = 0; i < 64; i++) {
      const bit = random.below(sound.length * 8);
      const flipped = Buffer.from(sound);
      flipped[bit >> 3] ^= 1 << (bit & 7);
      await writeFile(at(file), flipped);
      await expect(store.load('1-2')).rejects.toMatchObject({ name: 'DamagedVersionError', version: '1-2', file });
    }
    await writeFile(at(file), sound);
    expect((await store.load('1-2')).manifest.id).toBe('1-2');
  });

  it('is found at every length that is a multiple of 4 KiB', async () => {
    const sound = await readFile(at(large));
    expect(sound.length).toBeGreaterThan(4 * 4096);
    for (let length = 0; length < sound.length; length += 4096) {
      await writeFile(at(large), sound.subarray(0, length));
      await expect(store.load('1-2')).rejects.toThrow(`expected ${sound.length} bytes, found ${length}`);
    }
  });

  it('in one part does not concern the others', async () => {
    await truncate(at(large), 5);
    expect(Object.keys((await store.load('1-2', ['towers'])).parts)).toEqual(['towers']);
  });

  it.each<[string, RegExp, () => Promise<unknown>]>([
    ['a missing file', /regular file, found none/, () => rm(at(large))],
    [
      'a file that grew',
      /bytes, found/,
      async () => writeFile(at(large), Buffer.concat([await readFile(at(large)), Buffer.of(0)])),
    ],
    ['the file of another version', /SHA-256/, () => cp(at('towers.safetensors', '1-1'), at('towers.safetensors'))],
    [
      'another version under this id',
      /id: expected 1-2, found 1-1/,
      () => cp(at('', '1-1'), at(''), { recursive: true, force: true }),
    ],
    [
      'a link to a sound file',
      /regular file/,
      async () => {
        await rename(at(large), join(folder, large));
        await symlink(join(folder, large), at(large));
      },
    ],
    [
      'a link to a sound version',
      /expected a folder/,
      async () => {
        await rename(at(''), join(folder, 'elsewhere'));
        await symlink(join(folder, 'elsewhere'), at(''));
      },
    ],
  ])('is refused as %s', async (_, reason, damage) => {
    await damage();
    const error: unknown = await store.load('1-2').catch((each: unknown) => each);
    expect(error).toBeInstanceOf(DamagedVersionError);
    expect(String(error)).toMatch(reason);
  });

  it('sends a resume back to the newest sound version', async () => {
    await truncate(at(large), 5);
    const refused: unknown[] = [];
    const newest = await loadNewest(store, 'checkpoint', undefined, (error) => refused.push(error));
    expect(newest?.parts['towers'].metadata).toEqual({ value: 1 });
    expect(refused).toEqual([expect.objectContaining({ version: '1-2', file: large })]);
  });

  it('stops a resume when nothing sound is left', async () => {
    for (const id of ['1-1', '1-2']) await truncate(at('towers.safetensors', id), 5);
    await expect(loadNewest(store, 'checkpoint')).rejects.toThrow(NoUsableVersionError);
  });

  it('to a pointer is found, and stops readers and new leaders until it is removed', async () => {
    const file = join(folder, 'pointers', 'checkpoint', '1.json');
    const sound = await readFile(file);
    for (let bit = 0; bit < sound.length * 8; bit += 13) {
      const flipped = Buffer.from(sound);
      flipped[bit >> 3] ^= 1 << (bit & 7);
      await writeFile(file, flipped);
      await expect(store.pointer('checkpoint')).rejects.toThrow(DamagedPointerError);
    }
    await expect(store.lead('trainer')).rejects.toThrow(file);
    await cp(join(folder, 'pointers', 'latest', '1.json'), file);
    await expect(store.pointer('checkpoint')).rejects.toThrow(
      /expected checkpoint of epoch 1, found latest of epoch 1/,
    );
    await rm(file);
    expect(await store.pointer('checkpoint')).toBeUndefined();
  });

  it('of a version without a manifest hides it from the list', async () => {
    await rm(at('manifest.json'));
    expect(await store.list()).toEqual(['1-1']);
  });

  it('is not what a delta is called, and a base of a kept delta stays', async () => {
    const manifest = await store.manifest('1-2');
    await writeFile(at('manifest.json'), encodeManifest({ ...manifest, kind: 'delta', base: '1-1' }));
    await expect(store.load('1-2')).rejects.toThrow(UnsupportedVersionError);
    expect(await writer.prune(1, [])).toEqual([]);
    await expect(store.load('1-3')).rejects.toThrow(MissingVersionError);
  });
});
