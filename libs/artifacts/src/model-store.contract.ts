import {
  applyPatch,
  createRandom,
  type ModelVersionId,
  type Random,
  type RowsPatch,
  type Snapshot,
  type SnapshotPatch,
  type StateTensor,
} from '@gatehouse/domain';

import { FencedError, MissingPartError, MissingVersionError, VersionExistsError } from './errors';
import { loadNewest } from './load-newest';
import { maxDeltas, type ModelStore, type ModelWriter, type VersionDraft } from './model-store';
import { partsOf } from './parts-of';

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

/** What {@link draftOf} gives, as a change of a version: `w` takes the new value, and the ids stay. */
export function deltaOf(id: ModelVersionId, base: ModelVersionId, value = 0): VersionDraft {
  const { parts, ...rest } = draftOf(id, value);
  const { towers } = parts;
  const index = Uint32Array.of(0);
  const rows = { w: { shape: [1, 2], index, data: towers.tensors['w'] } };
  return {
    ...rest,
    base,
    parts: {},
    patches: {
      towers: { tensors: {}, rows, metadata: towers.metadata },
      'id-map.items': { tensors: {}, rows: {}, metadata: null },
    },
  };
}

const emptyPatch: SnapshotPatch = { tensors: {}, rows: {}, metadata: null };

/** Grows, cuts, changes, replaces, adds and removes tensors at random. */
function randomPatch(base: Snapshot, step: number, random: Random): SnapshotPatch {
  const values = (length: number): Float32Array => Float32Array.from({ length }, () => random.next() - 0.5);
  const patch = {
    tensors: {} as Record<string, StateTensor>,
    rows: {} as Record<string, RowsPatch>,
    removed: [] as string[],
  };
  for (const name of Object.keys(base.tensors)) {
    const chance = random.next();
    const rows = 1 + random.below(9);
    if (chance < 0.1) patch.removed.push(name);
    else if (chance < 0.2) patch.tensors[name] = { dtype: 'F32', shape: [rows, 3], data: values(3 * rows) };
    else if (chance < 0.8) {
      const index = Uint32Array.from({ length: random.below(4) }, () => random.below(rows));
      const data = { dtype: 'F32', shape: [index.length, 3], data: values(3 * index.length) } as const;
      patch.rows[name] = { shape: [rows, 3], index, data };
    }
  }
  patch.tensors[`slab.${step}`] = { dtype: 'F32', shape: [4, 3], data: values(12) };
  return { ...patch, metadata: { step } };
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

  describe('deltas', () => {
    let writer: ModelWriter;
    beforeEach(async () => {
      writer = await store.lead('trainer');
    });

    it('load as the whole parts that they tell of, all or some', async () => {
      await writer.save(draftOf('1-1', 1));
      await writer.save(deltaOf('1-2', '1-1', 2));
      await writer.save({ ...deltaOf('1-3', '1-2', 3), parts: { fresh: { tensors: {}, metadata: 'whole' } } });
      const loaded = await place.open().load('1-3');
      expect(loaded.parts).toEqual({ ...draftOf('1-3', 3).parts, fresh: { tensors: {}, metadata: 'whole' } });
      expect((await store.load('1-3', ['towers'])).parts).toEqual({ towers: draftOf('1-3', 3).parts['towers'] });
      expect((await store.load('1-2')).parts).toEqual(draftOf('1-2', 2).parts); // reading 1-3 has changed none before it
      expect((await store.load('1-1')).parts).toEqual(draftOf('1-1', 1).parts);
    });

    it('say what they rest on', async () => {
      await writer.save(draftOf('1-1'));
      const manifest = await writer.save(deltaOf('1-2', '1-1'));
      expect(manifest).toMatchObject({ kind: 'delta', base: '1-1' });
      expect(partsOf(manifest)).toEqual(['towers', 'id-map.items']);
      expect(manifest.files.map(({ name }) => name)).not.toContain('towers.safetensors'); // Python reads that name as whole
      expect(await store.manifest('1-2')).toEqual(manifest);
      expect((await store.load('1-2')).manifest).toEqual(manifest);
    });

    it('may hold a part whole, and leave one out', async () => {
      await writer.save(draftOf('1-1', 1));
      const { towers } = draftOf('1-2', 2).parts;
      await writer.save({ ...deltaOf('1-2', '1-1'), parts: { towers }, patches: {} });
      await writer.save({
        ...deltaOf('1-3', '1-2', 3),
        patches: { towers: deltaOf('1-3', '1-2', 3).patches!['towers'] },
      });
      expect((await store.load('1-2')).parts).toEqual({ towers });
      expect((await store.load('1-3')).parts).toEqual({ towers: draftOf('1-3', 3).parts['towers'] });
      await expect(store.load('1-3', ['id-map.items'])).rejects.toThrow(MissingPartError);
    });

    it.each([1, 2, 3])(
      'give the state of a table that grows, shrinks and changes, bit for bit (seed %p)',
      async (seed) => {
        const random = createRandom('table', seed);
        let table: Snapshot = { tensors: {}, metadata: 0 };
        await writer.save({ ...draftOf('1-1'), parts: { table } });
        for (let sequence = 2; sequence <= 1 + maxDeltas; sequence++) {
          const patch = randomPatch(table, sequence, random);
          const id = `1-${sequence}`;
          await writer.save({ ...deltaOf(id, `1-${sequence - 1}`), patches: { table: patch } });
          table = applyPatch(table, patch);
          expect((await place.open().load(id)).parts['table']).toEqual(table);
        }
      },
    );

    it(`rest on a full version within ${maxDeltas}, and the next is refused`, async () => {
      await writer.save(draftOf('1-1', 1));
      for (let n = 2; n <= 1 + maxDeltas; n++) await writer.save(deltaOf(`1-${n}`, `1-${n - 1}`, n));
      await expect(writer.save(deltaOf('1-10', '1-9', 10))).rejects.toThrow(/at most 8 deltas .*, found 9/);
      await expect(writer.save(deltaOf('1-10', '1-9', 10))).rejects.toThrow(RangeError);
      await writer.save(deltaOf('1-10', '1-8', 10)); // 8 as well
      expect((await store.load('1-10')).parts).toEqual(draftOf('1-10', 10).parts);
      expect((await store.load('1-9')).parts).toEqual(draftOf('1-9', 9).parts);
    });

    it.each<[string, RegExp, Partial<VersionDraft>]>([
      ['changes without a base', /expected whole parts, found/, { base: null }],
      ['a base that is no id', /newest/, { base: 'newest' }],
      ['itself for a base', /expected an older version, found 1-2/, { base: '1-2' }],
      ['another schema', /expected schema other, found c0ffee/, { schemaHash: 'other' }],
      ['changes of a part that the base lacks', /a part none, found towers/, { patches: { none: emptyPatch } }],
      ['a part both whole and changed', /each part once/, { parts: draftOf('1-2').parts }],
      [
        'a part named as a change',
        /ending than .patch/,
        { parts: { 'towers.patch': { tensors: {}, metadata: null } } },
      ],
      [
        'fewer rows than indices',
        /expected \[2, 2\], found \[1, 2\]/,
        {
          patches: {
            towers: {
              ...emptyPatch,
              rows: { w: { ...deltaOf('1-2', '1-1').patches!['towers'].rows['w'], index: new Uint32Array(2) } },
            },
          },
        },
      ],
    ])('are refused with %s, and nothing is saved', async (_, message, change) => {
      await writer.save(draftOf('1-1'));
      const late = writer.save({ ...deltaOf('1-2', '1-1'), ...change });
      await expect(late).rejects.toThrow(RangeError);
      await expect(late).rejects.toThrow(message);
      expect(await store.list()).toEqual(['1-1']);
    });

    it('are refused without their base', async () => {
      await expect(writer.save(deltaOf('1-2', '1-1'))).rejects.toThrow(MissingVersionError);
      expect(await store.list()).toEqual([]);
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
        older.checkLeads(),
      ]) {
        await expect(late).rejects.toThrow(FencedError);
      }
      expect(await store.list()).toEqual(['1-1', '1-2']);
      expect(await store.pointer('checkpoint')).toEqual({ version: '1-1' });
      expect(await store.pointer('latest')).toBeUndefined();
      await newer.checkLeads();
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

    it('keeps whatever a kept delta rests on, and as many full versions as versions', async () => {
      const writer = await store.lead('trainer');
      for (const n of [1, 2, 3]) await writer.save(draftOf(`1-${n}`));
      for (const n of [4, 5, 6]) await writer.save(deltaOf(`1-${n}`, `1-${n - 1}`, n)); // on 1-3
      await writer.save(draftOf('1-7'));
      for (const n of [8, 9]) await writer.save(deltaOf(`1-${n}`, `1-${n - 1}`, n)); // on 1-7
      await writer.point('latest', { version: '1-5' });
      // Newest 2: 1-8, 1-9. Newest 2 full: 1-3, 1-7. The pointer: 1-5, which rests on 1-4.
      expect(await writer.prune(2, [])).toEqual(['1-1', '1-2', '1-6']);
      await writer.point('latest', { version: '1-9' });
      expect(await writer.prune(2, [])).toEqual(['1-4', '1-5']);
      expect(await writer.prune(1, [])).toEqual(['1-3']);
      expect(await store.list()).toEqual(['1-7', '1-8', '1-9']);
      expect((await store.load('1-9')).parts).toEqual(draftOf('1-9', 9).parts);
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
