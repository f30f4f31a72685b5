import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { draftOf, modelStoreContract, publish, type StorePlace } from '../model-store.contract';
import { createFilesystemModelStore } from './filesystem-model-store';
import { createPowerCutFs } from './testing/power-cut-fs';

async function folderPlace(shared: boolean): Promise<StorePlace> {
  const folder = await mkdtemp(join(tmpdir(), 'artifacts-'));
  return {
    open: () => createFilesystemModelStore({ folder: join(folder, 'store'), shared }),
    close: () => rm(folder, { recursive: true }),
  };
}

async function memoryPlace(): Promise<StorePlace> {
  const fs = createPowerCutFs();
  return { open: () => createFilesystemModelStore({ folder: '/store', fs }), close: async () => undefined };
}

const UNDER_TEST: [string, () => Promise<StorePlace>][] = [
  ['a folder', () => folderPlace(false)],
  ['a folder, loaded into shared memory', () => folderPlace(true)],
  ['the simulated disk of the crash tests', memoryPlace],
];

describe.each(UNDER_TEST)('model store over %s', (_, createPlace) => modelStoreContract(createPlace));

describe('filesystem model store', () => {
  let place: StorePlace | undefined;
  afterEach(async () => {
    await place?.close();
    place = undefined;
  });

  it.each([
    [true, SharedArrayBuffer],
    [false, ArrayBuffer],
  ])('reads each file into one buffer (shared: %p)', async (shared, expected) => {
    place = await folderPlace(shared);
    const store = place.open();
    const writer = await store.lead('trainer');
    const pair = {
      a: { dtype: 'U8', shape: [1], data: Uint8Array.of(1) },
      b: { dtype: 'F64', shape: [1], data: Float64Array.of(2) },
    } as const;
    await writer.save({ ...draftOf('1-1'), parts: { pair: { tensors: pair, metadata: null } } });
    const { a, b } = (await store.load('1-1')).parts['pair'].tensors;
    expect(a.data.buffer).toBeInstanceOf(expected);
    expect(a.data.buffer).toBe(b.data.buffer);
  });

  it('writes the layout that its documentation names', async () => {
    const fs = createPowerCutFs();
    const writer = await createFilesystemModelStore({
      folder: '/store',
      fs,
      clock: { nowMs: () => 1_700_000_000_000 },
    }).lead('trainer');
    await publish(writer, 7);
    expect(fs.paths().sort()).toEqual([
      '/store',
      '/store/epochs',
      '/store/epochs/trainer',
      '/store/epochs/trainer/1',
      '/store/pointers',
      '/store/pointers/checkpoint',
      '/store/pointers/checkpoint/1.json',
      '/store/pointers/latest',
      '/store/pointers/latest/1.json',
      '/store/versions',
      '/store/versions/1-7',
      '/store/versions/1-7/id-map.items.safetensors',
      '/store/versions/1-7/manifest.json',
      '/store/versions/1-7/towers.safetensors',
    ]);
  });
});
