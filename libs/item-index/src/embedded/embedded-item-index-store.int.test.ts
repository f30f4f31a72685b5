import { appendFile, cp, mkdir, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { clusteredAttributes, clusteredPoints } from '../clustered-points.fixture';
import { IndexDamagedError, IndexNotFoundError, IndexNotSealedError } from '../errors';
import type { IndexPoint, ItemIndex } from '../item-index';
import { openEmbeddedItemIndexStore } from './embedded-item-index-store';
import { openTemporaryStore, type TemporaryStore } from './temporary-store.fixture';

const spec = { dimension: 4, metric: 'dot', attributes: clusteredAttributes, manifest: {} } as const;
const points = clusteredPoints(1, 200, 4);
const request = { vector: Float32Array.of(1, 0, 0, 0), k: 5 };

function late(itemId: string, x: number): IndexPoint {
  return { itemId, vector: Float32Array.of(x, 0, 0, 0), attributes: { genre: 'late' } };
}

describe('embedded item index store', () => {
  let temporary: TemporaryStore;
  let folder: string; // of the index
  beforeEach(async () => {
    temporary = await openTemporaryStore({ exactBelow: 200 });
    folder = join(temporary.folder, '1-1.1');
  });
  afterEach(() => temporary.close());

  const build = async (count = 200): Promise<ItemIndex> => {
    const index = await temporary.store.create('1-1.1', spec);
    await index.upsert(points.slice(0, count));
    await index.seal();
    return index;
  };

  it('builds a graph from exactBelow points on, and leaves no temporary files', async () => {
    await build();
    const files = ['delta.log', 'graph.usearch', 'index.json', 'points.jsonl', 'vectors.f32'];
    expect((await readdir(folder)).sort()).toEqual(files);
    await temporary.store.drop('1-1.1');
    await build(199);
    expect((await readdir(folder)).sort()).toEqual(files.filter((file) => file !== 'graph.usearch'));
  });

  it('keeps vectors as plain float32 in row order, and notes size and hash of each file', async () => {
    await build(3);
    const bytes = await readFile(join(folder, 'vectors.f32'));
    expect([...new Float32Array(new Uint8Array(bytes).buffer)]).toEqual(
      points.slice(0, 3).flatMap(({ vector }) => [...vector]),
    );
    const marker = JSON.parse(await readFile(join(folder, 'index.json'), 'utf8')) as object;
    expect(marker).toMatchObject({
      indexId: '1-1.1',
      count: 3,
      spec,
      files: { 'vectors.f32': { bytes: 48, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string } },
    });
  });

  it('writes points of more than one line', async () => {
    const many = clusteredPoints(2, 1201, 4);
    const index = await temporary.store.create('1-1.1', spec);
    await index.upsert(many);
    await index.seal();
    const reader = await temporary.store.open('1-1.1');
    const byId = new Map(many.map((point) => [point.itemId, point]));
    const sample = await reader.sample(2000);
    expect(sample).toEqual(sample.map(({ itemId }) => byId.get(itemId)));
    expect(sample).toHaveLength(1201);
  });

  it('is unsealed after a crash at any point before the marker, and can be dropped and built again', async () => {
    await build();
    const whole = join(temporary.folder, 'whole');
    await cp(folder, whole, { recursive: true });
    // The order in which the seal writes; a crash leaves the first few, and the next one as a temporary file, perhaps cut.
    const order = ['vectors.f32', 'points.jsonl', 'graph.usearch', 'delta.log', 'index.json'];
    for (let written = 0; written < order.length; written++) {
      await temporary.store.drop('1-1.1');
      await mkdir(folder);
      for (const file of order.slice(0, written)) await cp(join(whole, file), join(folder, file));
      await writeFile(join(folder, `${order[written]}.tmp`), 'cut');
      await expect(temporary.store.open('1-1.1')).rejects.toBeInstanceOf(IndexNotSealedError);
      await expect(temporary.store.activate('1-1.1')).rejects.toBeInstanceOf(IndexNotSealedError);
      expect(await temporary.store.list()).toEqual(['1-1.1']);
    }
    await temporary.store.drop('1-1.1');
    await build();
    expect(await (await temporary.store.open('1-1.1')).count()).toBe(200);
  });

  it.each(['vectors.f32', 'points.jsonl', 'graph.usearch', 'delta.log', 'index.json'])(
    'seals at the second try when %s could not be written at the first',
    async (file) => {
      const index = await temporary.store.create('1-1.1', spec);
      await index.upsert(points);
      await mkdir(join(folder, `${file}.tmp`)); // where the file is written first
      await expect(index.seal()).rejects.toThrow();
      await expect(temporary.store.open('1-1.1')).rejects.toBeInstanceOf(IndexNotSealedError);
      expect(await index.count()).toBe(200);
      await rm(join(folder, `${file}.tmp`), { recursive: true });
      await index.seal();
      expect(await (await temporary.store.open('1-1.1')).count()).toBe(200);
    },
  );

  it('ignores a torn last change, wherever it was cut, and writes on behind the last whole one', async () => {
    const index = await build();
    const log = join(folder, 'delta.log');
    await index.upsert([late('kept', 2)]);
    const { size: wholeBytes } = await stat(log);
    await index.upsert([late('torn', 3)]);
    await index.close();
    const bytes = await readFile(log);
    for (let length = wholeBytes; length < bytes.length; length++) {
      await writeFile(log, bytes);
      await truncate(log, length);
      const [writer, reader] = [await temporary.store.open('1-1.1'), await temporary.store.open('1-1.1')];
      expect((await reader.search(request))[0]).toEqual({ itemId: 'kept', score: 2 });
      expect(await reader.count()).toBe(201);
      await writer.upsert([late('next', 4)]);
      expect((await reader.search(request)).slice(0, 2)).toEqual([
        { itemId: 'next', score: 4 },
        { itemId: 'kept', score: 2 },
      ]);
      await Promise.all([writer.close(), reader.close()]);
      const reopened = await temporary.store.open('1-1.1');
      expect(await reopened.count()).toBe(202);
      await reopened.close();
    }
  });

  it('refuses a damaged change that has others behind it', async () => {
    const index = await build();
    await index.upsert([late('a', 2)]);
    await index.upsert([late('b', 3)]);
    const bytes = await readFile(join(folder, 'delta.log'));
    bytes[20] ^= 1;
    await writeFile(join(folder, 'delta.log'), bytes);
    const reader = await temporary.store.open('1-1.1');
    await expect(reader.search(request)).rejects.toBeInstanceOf(IndexDamagedError);
    await expect(reader.upsert([late('c', 4)])).rejects.toMatchObject({ indexId: '1-1.1', file: 'delta.log' });
    expect((await readFile(join(folder, 'delta.log'))).equals(bytes)).toBe(true);
  });

  it.each(['vectors.f32', 'points.jsonl', 'graph.usearch', 'index.json'])('refuses a damaged %s', async (file) => {
    await build();
    const path = join(folder, file);
    const whole = await readFile(path);
    const flipped = Buffer.from(whole);
    flipped[0] ^= 1;
    for (const damaged of [flipped, whole.subarray(0, -1), Buffer.concat([whole, Buffer.from('}')]), Buffer.alloc(0)]) {
      // The marker itself may lose its last line feed.
      const bytes = file === 'index.json' && damaged.length === whole.length - 1 ? damaged.subarray(0, -1) : damaged;
      await writeFile(path, bytes);
      await expect(temporary.store.open('1-1.1')).rejects.toMatchObject({ name: 'IndexDamagedError', file });
    }
    await writeFile(path, whole);
    expect(await (await temporary.store.open('1-1.1')).count()).toBe(200);
  });

  it.each(['vectors.f32', 'points.jsonl', 'graph.usearch', 'delta.log'])(
    'refuses an index without %s',
    async (file) => {
      await build();
      await rm(join(folder, file));
      await expect(temporary.store.open('1-1.1')).rejects.toMatchObject({
        name: 'IndexDamagedError',
        file,
        found: 'none',
      });
    },
  );

  it('does not write to a dropped index, nor to one that took its id', async () => {
    const index = await build();
    await temporary.store.drop('1-1.1');
    await expect(index.upsert([late('a', 2)])).rejects.toBeInstanceOf(IndexNotFoundError);
    const successor = await build(10);
    await expect(index.upsert([late('a', 2)])).rejects.toBeInstanceOf(IndexNotFoundError);
    expect(await index.count()).toBe(200);
    expect(await successor.count()).toBe(10);
  });

  it('keeps everything for a store opened later, also the alias', async () => {
    const index = await build();
    await index.upsert([late('a', 2)]);
    await temporary.store.activate('1-1.1');
    const later = await openEmbeddedItemIndexStore({ folder: temporary.folder });
    expect(await later.active()).toBe('1-1.1');
    const reader = await later.open('1-1.1');
    expect(await reader.search(request)).toEqual(await index.search(request));
    await reader.close();
  });

  it('lists indexes only, whatever else lies in the folder', async () => {
    await build();
    await mkdir(join(temporary.folder, 'notes'));
    await appendFile(join(temporary.folder, '1-2.1'), 'a file');
    expect(await temporary.store.list()).toEqual(['1-1.1']);
  });
});
