import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { deltaOf, draftOf, modelStoreContract, publish, type StorePlace } from '../model-store.contract';
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

  it.each([
    [true, SharedArrayBuffer],
    [false, ArrayBuffer],
  ])('resolves a delta into as little memory as it takes (shared: %p)', async (shared, expected) => {
    place = await folderPlace(shared);
    const store = place.open();
    const writer = await store.lead('trainer');
    const rowsOf = (count: number, value = 0) =>
      ({ dtype: 'F32', shape: [count, 1], data: new Float32Array(count).fill(value) }) as const;
    const tensors = { stays: rowsOf(8), grows: rowsOf(8), kept: rowsOf(8) };
    await writer.save({ ...draftOf('1-1'), parts: { table: { tensors, metadata: null } } });
    const rows = (count: number) => ({ shape: [count, 1], index: Uint32Array.of(7), data: rowsOf(1, 1) });
    const changes = { stays: rows(8), grows: rows(9) };
    const patches = { table: { tensors: { fresh: rowsOf(2, 3) }, rows: changes, metadata: null } };
    await writer.save({ ...deltaOf('1-2', '1-1'), patches });

    const { stays, grows, kept, fresh } = (await store.load('1-2')).parts['table'].tensors;
    expect([...stays.data]).toEqual([0, 0, 0, 0, 0, 0, 0, 1]);
    expect([...grows.data]).toEqual([0, 0, 0, 0, 0, 0, 0, 1, 0]);
    for (const { data } of [stays, grows, kept, fresh]) expect(data.buffer).toBeInstanceOf(expected);
    expect(stays.data.buffer).toBe(kept.data.buffer); // changed in the bytes of the base's file
    expect(grows.data.buffer.byteLength).toBe(9 * 4);
    expect(fresh.data.buffer.byteLength).toBe(2 * 4); // so the rest of the delta's file is let go
  });

  it('writes the layout that its documentation names', async () => {
    const fs = createPowerCutFs();
    const writer = await createFilesystemModelStore({
      folder: '/store',
      fs,
      clock: { nowMs: () => 1_700_000_000_000 },
    }).lead('trainer');
    await publish(writer, 7);
    await writer.save(deltaOf('1-8', '1-7'));
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
      '/store/versions/1-8',
      '/store/versions/1-8/id-map.items.patch.safetensors',
      '/store/versions/1-8/manifest.json',
      '/store/versions/1-8/towers.patch.safetensors',
    ]);
  });
});
