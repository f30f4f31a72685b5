import type { ModelVersionId, Snapshot } from '@gatehouse/domain';

import { FencedError, MissingPartError, MissingVersionError, VersionExistsError } from './errors';
import { loadNewest } from './load-newest';
import type { ModelStore, ModelWriter, VersionDraft } from './model-store';

/** One place for versions, and how to open stores over it. */
export interface StorePlace {
  /** Another store over the same place, as another process would open it. */
  open(): ModelStore;
  close(): Promise<void>;
}

/** A version of two small parts; `value` tells versions apart. */
export function draftOf(id: ModelVersionId, value = 0): VersionDraft {
  return {
    id,
    parent: null,
    schemaHash: 'c0ffee',
    offsets: { impressions: { 0: 10 + value, 12: 3 } },
    metrics: { events: 10_000, loss: 4.25 },
    parts: {
      towers: {
        tensors: { w: { dtype: 'F32', shape: [1, 2], data: Float32Array.of(value, -0) } },
        metadata: { value },
      },
      'id-map.items': { tensors: { bytes: { dtype: 'U8', shape: [3], data: Uint8Array.of(1, 2, 3) } }, metadata: null },
    },
  };
}

/** Saves a version and points to it. */
export async function publish(writer: ModelWriter, sequence: number): Promise<ModelVersionId> {
  const id = `${writer.epoch}-${sequence}`;
  await writer.save(draftOf(id, sequence));
  await writer.point('checkpoint', { version: id });
  return id;
}

/** Laws of every {@link ModelStore}. */
export function modelStoreContract(createPlace: () => Promise<StorePlace>): void {
  let place: StorePlace;
  let store: ModelStore;
  beforeEach(async () => {
    place = await createPlace();
    store = place.open();
  });
  afterEach(() => place.close());

  describe('versions', () => {
    it('starts empty', async () => {
      expect(await store.list()).toEqual([]);
      expect(await store.pointer('latest')).toBeUndefined();
      expect(await loadNewest(store, 'checkpoint')).toBeUndefined();
    });

    it('gives back what was saved, bit for bit, to another process', async () => {
      const writer = await store.lead('trainer');
      const bits = Uint32Array.of(0x7fc00001, 0x80000000, 1, 0xff800000); // a NaN with payload, -0, the least, -Infinity
      const part: Snapshot = {
        tensors: {
          scalar: { dtype: 'F64', shape: [], data: Float64Array.of(Math.PI) },
          floats: { dtype: 'F32', shape: [2, 2], data: new Float32Array(bits.buffer) },
          words: { dtype: 'U32', shape: [1], data: Uint32Array.of(0xffffffff) },
          ints: { dtype: 'I32', shape: [2], data: Int32Array.of(-(2 ** 31), 7) },
          odd: { dtype: 'U8', shape: [5], data: Uint8Array.of(1, 2, 3, 4, 5) },
          none: { dtype: 'F64', shape: [0, 3], data: new Float64Array(0) },
          'ünïcode "quoted"': { dtype: 'U8', shape: [1], data: Uint8Array.of(9) },
          ['__proto__']: { dtype: 'U8', shape: [1], data: Uint8Array.of(8) },
        },
        metadata: { nested: [null, true, 1.5, 'é\n', { a: [] }] },
      };
      await writer.save({ ...draftOf('1-1'), parts: { part, empty: { tensors: {}, metadata: null } } });
      const loaded = await place.open().load('1-1');
      expect(loaded.parts['part']).toEqual(part);
      expect(loaded.parts['empty']).toEqual({ tensors: {}, metadata: null });
      const floats = loaded.parts['part'].tensors['floats'].data;
      expect(new Uint32Array(floats.buffer, floats.byteOffset, 4)).toEqual(bits);
    });

    it('saves a view of a larger array as that view alone', async () => {
      const writer = await store.lead('trainer');
      const data = new Float32Array([1, 2, 3, 4]).subarray(1, 3);
      const parts = { rows: { tensors: { rows: { dtype: 'F32' as const, shape: [2], data } }, metadata: null } };
      await writer.save({ ...draftOf('1-1'), parts });
      expect((await store.load('1-1')).parts['rows'].tensors['rows'].data).toEqual(Float32Array.of(2, 3));
    });

    it('adds sizes, hashes and the time to the manifest', async () => {
      const writer = await store.lead('trainer');
      const { parts, ...rest } = draftOf('1-1');
      const saved = await writer.save({ ...rest, parts });
      expect(saved).toMatchObject({ ...rest, formatVersion: 1, kind: 'full', base: null });
      expect(saved.files.map(({ name }) => name)).toEqual(['towers.safetensors', 'id-map.items.safetensors']);
      expect(await store.manifest('1-1')).toEqual(saved);
    });

    it('loads the named parts only', async () => {
      await publish(await store.lead('trainer'), 1);
      expect(Object.keys((await store.load('1-1', ['towers'])).parts)).toEqual(['towers']);
      await expect(store.load('1-1', ['towers', 'tables'])).rejects.toThrow(MissingPartError);
    });

    it('lists by epoch and sequence as numbers', async () => {
      const first = await store.lead('trainer');
      for (const id of ['1-10', '1-9']) await first.save(draftOf(id));
      await (await store.lead('trainer')).save(draftOf('2-1'));
      expect(await store.list()).toEqual(['1-9', '1-10', '2-1']);
    });

    it('refuses ids that are not stored, and texts that are no ids', async () => {
      await expect(store.load('4-4')).rejects.toThrow(MissingVersionError);
      await expect(store.manifest('4-4')).rejects.toThrow(MissingVersionError);
      await expect(store.load('../1-1')).rejects.toThrow(RangeError);
    });

    it('never changes a stored version', async () => {
      const writer = await store.lead('trainer');
      await writer.save(draftOf('1-1', 1));
      await expect(writer.save(draftOf('1-1', 2))).rejects.toThrow(VersionExistsError);
      expect((await store.load('1-1')).parts['towers'].metadata).toEqual({ value: 1 });
    });

    it.each<[string, Partial<VersionDraft>]>([
      ['another epoch', { id: '2-1' }],
      ['a figure that is not finite', { metrics: { loss: NaN } }],
      ['a part that names a folder', { parts: { '../towers': { tensors: {}, metadata: null } } }],
      ['metadata that is not finite', { parts: { towers: { tensors: {}, metadata: { best: Infinity } } } }],
      ['a negative offset', { offsets: { impressions: { 0: -1 } } }],
      ['a parent that is no id', { parent: 'newest' }],
    ])('refuses a draft with %s and saves nothing', async (_, change) => {
      const writer = await store.lead('trainer');
      await expect(writer.save({ ...draftOf('1-1'), ...change })).rejects.toThrow(RangeError);
      expect(await store.list()).toEqual([]);
    });

    it('takes versions from the trainer alone', async () => {
      await expect((await store.lead('embedder')).save(draftOf('1-1'))).rejects.toThrow(/expected the trainer/);
    });
  });

  describe('pointers', () => {
    it('survive a change of the leader, and keep their detail', async () => {
      await publish(await store.lead('trainer'), 1);
      const embedder = await store.lead('embedder');
      const servable = { version: '1-1', indexId: '1-1.3', detail: { pinned: true } };
      await embedder.point('servable', servable);
      for (const role of ['trainer', 'embedder'] as const) await place.open().lead(role);
      expect(await store.pointer('servable')).toEqual(servable);
      expect(await store.pointer('checkpoint')).toEqual({ version: '1-1' });
    });

    it('take effect in the order of the calls', async () => {
      const writer = await store.lead('trainer');
      await writer.save(draftOf('1-1'));
      await writer.save(draftOf('1-2'));
      await Promise.all(['1-1', '1-2', '1-1', '1-2'].map((version) => writer.point('latest', { version })));
      expect(await store.pointer('latest')).toEqual({ version: '1-2' });
    });

    it('name stored versions only, in the role that owns them', async () => {
      const writer = await store.lead('trainer');
      await expect(writer.point('latest', { version: '1-1' })).rejects.toThrow(MissingVersionError);
      await expect(writer.point('latest', { version: 'newest' })).rejects.toThrow(RangeError);
      await expect(writer.point('servable', { version: '1-1' })).rejects.toThrow(/expected checkpoint or latest/);
      expect(await store.pointer('latest')).toBeUndefined();
    });
  });

  describe('epochs', () => {
    it('are taken once each, however many lead at the same time', async () => {
      const leads = await Promise.allSettled(Array.from({ length: 8 }, () => place.open().lead('trainer')));
      const epochs = leads.flatMap((lead) => (lead.status === 'fulfilled' ? [lead.value.epoch] : []));
      const errors = leads.flatMap((lead) => (lead.status === 'rejected' ? [lead.reason as unknown] : []));
      expect(new Set(epochs).size).toBe(epochs.length);
      expect(Math.max(...epochs)).toBe(8);
      for (const error of errors) expect(error).toBeInstanceOf(FencedError);
    });

    it('count separately for each role', async () => {
      await store.lead('trainer');
      expect((await store.lead('embedder')).epoch).toBe(1);
    });

    it('fence whatever an older writer does', async () => {
      const older = await store.lead('trainer');
      await publish(older, 1);
      await older.save(draftOf('1-2'));
      const newer = await place.open().lead('trainer');
      for (const late of [
        older.save(draftOf('1-3')),
        older.point('checkpoint', { version: '1-2' }),
        older.point('latest', { version: '1-2' }),
        older.prune(0, []),
      ]) {
        await expect(late).rejects.toThrow(FencedError);
      }
      expect(await store.list()).toEqual(['1-1', '1-2']);
      expect(await store.pointer('checkpoint')).toEqual({ version: '1-1' });
      expect(await store.pointer('latest')).toBeUndefined();
      await publish(newer, 2);
      expect(await store.pointer('checkpoint')).toEqual({ version: '2-2' });
    });
  });

  describe('prune', () => {
    it('removes all but the newest, the protected and those pointed to', async () => {
      const writer = await store.lead('trainer');
      for (let sequence = 1; sequence <= 7; sequence++) await writer.save(draftOf(`1-${sequence}`));
      await writer.point('checkpoint', { version: '1-1' });
      await (await store.lead('embedder')).point('servable', { version: '1-3', indexId: '1-3.1' });
      expect(await writer.prune(2, ['1-4'])).toEqual(['1-2', '1-5']);
      expect(await store.list()).toEqual(['1-1', '1-3', '1-4', '1-6', '1-7']);
      await expect(store.load('1-2')).rejects.toThrow(MissingVersionError);
    });

    it('waits for a save that was begun before it', async () => {
      const writer = await store.lead('trainer');
      await writer.save(draftOf('1-1'));
      const [, removed] = await Promise.all([writer.save(draftOf('1-2')), writer.prune(1, [])]);
      expect(removed).toEqual(['1-1']);
      expect(await store.list()).toEqual(['1-2']);
    });

    it.each([NaN, -1, 1.5])('refuses to keep %p', async (keep) => {
      await expect((await store.lead('trainer')).prune(keep, [])).rejects.toThrow(RangeError);
    });
  });
}
