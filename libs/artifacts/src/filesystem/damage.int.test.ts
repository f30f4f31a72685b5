import { createHash } from 'node:crypto';
import { cp, mkdtemp, readFile, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createRandom } from '@gatehouse/domain';

import { DamagedPointerError, DamagedVersionError, MissingVersionError, NoUsableVersionError } from '../errors';
import { loadNewest } from '../load-newest';
import { maxDeltas, type ModelStore, type ModelWriter } from '../model-store';
import { deltaOf, draftOf, publish } from '../model-store.contract';
import { createFilesystemModelStore } from './filesystem-model-store';
import { encodeManifest } from './manifest-file';
import { nodeStoreFs } from './node-store-fs';
import { hookFs } from './testing/hook-fs';

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
});

describe('damage to what a delta rests on', () => {
  let folder: string;
  let store: ModelStore;
  const at = (file: string, version: string): string => join(folder, 'versions', version, file);

  /** 1-1 and 1-2 are full; 1-4 is a delta of 1-3, which is one of 1-2. */
  async function saveChain(to: ModelStore, value: number): Promise<void> {
    const writer = await to.lead('trainer');
    await writer.save(draftOf('1-1', value));
    await writer.save(draftOf('1-2', value));
    for (const n of [3, 4]) await writer.save(deltaOf(`1-${n}`, `1-${n - 1}`, value + n));
    await writer.point('checkpoint', { version: '1-4' });
  }

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'artifacts-'));
    store = createFilesystemModelStore({ folder });
    await saveChain(store, 1);
  });
  afterEach(() => rm(folder, { recursive: true }));

  it.each([
    ['1-2', 'manifest.json'],
    ['1-2', 'towers.safetensors'],
    ['1-3', 'manifest.json'],
    ['1-3', 'towers.patch.safetensors'],
    ['1-4', 'manifest.json'],
    ['1-4', 'towers.patch.safetensors'],
  ])('is found for single bits of %s %s (seed 12), naming both', async (version, file) => {
    const random = createRandom('bits', 12);
    const sound = await readFile(at(file, version));
    for (let i = 0; i < 64; i++) {
      const bit = random.below(sound.length * 8);
      const flipped = Buffer.from(sound);
      flipped[bit >> 3] ^= 1 << (bit & 7);
      await writeFile(at(file, version), flipped);
      await expect(store.load('1-4')).rejects.toMatchObject({ name: 'DamagedVersionError', version, file });
    }
    await writeFile(at(file, version), sound);
    expect((await store.load('1-4')).parts).toEqual(draftOf('1-4', 5).parts);
  });

  it('is found when another version stands in its place, though that one is sound', async () => {
    const elsewhere = join(folder, 'elsewhere');
    await saveChain(createFilesystemModelStore({ folder: elsewhere }), 2);
    await rm(at('', '1-3'), { recursive: true });
    await cp(join(elsewhere, 'versions', '1-3'), at('', '1-3'), { recursive: true });
    const refusal = store.load('1-4');
    await expect(refusal).rejects.toThrow(/expected a base whose manifest has SHA-256 \w+, found \w+/);
    await expect(refusal).rejects.toMatchObject({ name: 'DamagedVersionError', version: '1-4', file: 'manifest.json' });
  });

  it('is found when it is gone', async () => {
    await rm(at('', '1-2'), { recursive: true });
    const refusal = store.load('1-4');
    await expect(refusal).rejects.toThrow('expected its base 1-2 in the store, found none');
    await expect(refusal).rejects.toMatchObject({ name: 'DamagedVersionError', version: '1-3' });
  });

  it('is found when the changes do not fit it', async () => {
    const patches = { towers: { tensors: {}, rows: {}, removed: ['none'], metadata: null } };
    await (await store.lead('trainer')).save({ ...deltaOf('2-5', '1-4'), patches });
    const refusal = store.load('2-5');
    await expect(refusal).rejects.toThrow('expected a tensor none in the base, found w');
    await expect(refusal).rejects.toMatchObject({ version: '2-5', file: 'towers.patch.safetensors' });
  });

  it('is found when there is more of it than a reader resolves', async () => {
    const writer = await store.lead('trainer');
    for (let n = 5; n <= 2 + maxDeltas; n++) await writer.save(deltaOf(`2-${n}`, `${n === 5 ? 1 : 2}-${n - 1}`, n));
    await cp(at('', '2-10'), at('', '2-11'), { recursive: true });
    const baseSha256 = createHash('sha256')
      .update(await readFile(at('manifest.json', '2-10')))
      .digest('hex');
    const manifest = { ...(await store.manifest('2-10')), id: '2-11', base: '2-10', baseSha256 };
    await writeFile(at('manifest.json', '2-11'), encodeManifest(manifest));
    expect((await store.load('2-10')).manifest.id).toBe('2-10');
    await expect(store.load('2-11')).rejects.toThrow('expected at most 8 deltas to resolve, found more');
  });

  it.each([
    ['1-4', 'towers.patch.safetensors', '1-3', 4],
    ['1-3', 'towers.patch.safetensors', '1-2', 1],
    ['1-2', 'towers.safetensors', '1-1', 1],
  ])('sends a resume back to before it (%s %s)', async (version, file, expected, value) => {
    await truncate(at(file, version), 5);
    const refused: unknown[] = [];
    const newest = await loadNewest(store, 'checkpoint', undefined, (error) => refused.push(error));
    expect(newest?.manifest.id).toBe(expected);
    expect(newest?.parts).toEqual(draftOf(expected, value).parts);
    expect(refused).toEqual([expect.objectContaining({ version, file })]);
  });

  it('is not what a prune leaves, whenever it comes during a load', async () => {
    let outcome = 'missing';
    for (let calls = 1; outcome === 'missing'; calls++) {
      const copy = join(folder, `copy-${calls}`);
      await cp(join(folder, 'versions'), join(copy, 'versions'), { recursive: true });
      let left = calls;
      const fs = hookFs(nodeStoreFs, async () => {
        if (--left > 0) return;
        for (const id of ['1-4', '1-3', '1-2']) await rm(join(copy, 'versions', id), { recursive: true, force: true });
      });
      outcome = await createFilesystemModelStore({ folder: copy, fs })
        .load('1-4')
        .then(
          () => 'loaded',
          (error: unknown) =>
            error instanceof MissingVersionError && error.version === '1-4' ? 'missing' : String(error),
        );
      if (calls === 1) expect(outcome).toBe('missing');
    }
    expect(outcome).toBe('loaded');
  });
});
