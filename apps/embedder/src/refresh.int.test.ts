import { createHash } from 'node:crypto';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { ModelStore } from '@gatehouse/artifacts';
import { createFilesystemModelStore } from '@gatehouse/artifacts/filesystem';
import type { ItemCatalogue } from '@gatehouse/events';
import { createMemoryItemCatalogue } from '@gatehouse/events/memory';
import { type ItemIndex, type ItemIndexStore, qdrantSettings } from '@gatehouse/item-index';
import { openEmbeddedItemIndexStore } from '@gatehouse/item-index/embedded';
import { openQdrantItemIndexStore } from '@gatehouse/item-index/qdrant';
import { createManualClock, delay } from '@gatehouse/runtime';
import { qdrantUrl } from '@gatehouse/testing';
import { canariesPart, readCanaries, type TwoTowerModel } from '@gatehouse/towers';

import { refresh, type Refreshing } from './refresh';
import { takeUp } from './reinstate';
import { createRetention } from './retention';
import { createCatalogueFollower } from './follow-catalogue';
import { IndexRefusedError } from './index-refused-error';
import { availableItems, createMemoryLogger, createModel, dimension, items, partsOf, useCpu } from './version.fixture';

const canaryCount = 2;
/** Some fifty lives of an embedder. */
const everyCallTimeoutMs = 120_000;
const modelOf = (version: string): TwoTowerModel => createModel(Number(version.split('-')[1]));

/** The process is gone: this call and all after it fail. */
class Crash extends Error {}

/** Counts the calls of all ports and fails at one of them. */
interface Fault {
  readonly at: number;
  readonly when: 'before' | 'after';
  /** Whether all later calls fail too, as if the process had died, or only this one. */
  readonly forGood: boolean;
}

function createFaults(fault?: Fault) {
  const calls: string[] = [];
  let isDead = false;
  /** The same port, with every call counted. Indexes that it hands out are ports too. */
  const wrap = <T extends object>(port: T, name: string): T =>
    new Proxy(port, {
      get: (target, key) => {
        const member: unknown = Reflect.get(target, key, target);
        if (typeof member !== 'function') return member;
        return async (...args: unknown[]): Promise<unknown> => {
          const call = calls.push(`${name}.${String(key)}`) - 1;
          const isHere = call === fault?.at;
          if (isDead || (isHere && fault.when === 'before')) {
            isDead = fault?.forGood ?? false;
            throw new Crash(calls[call]);
          }
          if (isHere && fault.forGood) isDead = true;
          const result: unknown = await Reflect.apply(member as (...given: unknown[]) => unknown, target, args);
          if (isHere) throw new Crash(calls[call]);
          return key === 'create' || key === 'open' ? wrap(result as ItemIndex, 'index') : result;
        };
      },
    });
  return { calls, wrap };
}

interface Stores {
  readonly models: ModelStore;
  readonly indexes: ItemIndexStore;
}

const url = qdrantUrl();

/** Where the indexes of a folder are, by the kind of store. */
const STORES: readonly (readonly [name: string, open: (folder: string) => Promise<ItemIndexStore>])[] = [
  ['embedded', (folder) => openEmbeddedItemIndexStore({ folder: join(folder, 'index') })],
  ...(url === undefined
    ? []
    : ([
        [
          'on Qdrant',
          async (folder: string) =>
            openQdrantItemIndexStore(
              qdrantSettings.parse({
                url,
                collectionPrefix: `test-${createHash('sha256').update(folder).digest('hex').slice(0, 24)}-`,
              }),
              { secrets: { environment: process.env }, delay, random: Math.random },
            ),
        ],
      ] as const)),
];

describe.each(STORES)('refresh, %s', (kind, openIndexes) => {
  useCpu();

  const openStores = async (folder: string): Promise<Stores> => ({
    models: createFilesystemModelStore({ folder: join(folder, 'artifacts') }),
    indexes: await openIndexes(folder),
  });

  let root: string;
  let catalogue: ItemCatalogue;
  let copies = 0;

  /** One life of the embedder over a folder: leads and refreshes one version. */
  const refreshOnce = async (
    folder: string,
    version: string,
    wrap: ReturnType<typeof createFaults>['wrap'] = (port) => port,
    edit = (indexes: ItemIndexStore): ItemIndexStore => indexes,
  ) => {
    const { models, indexes: bare } = await openStores(folder);
    const writer = await models.lead('embedder');
    const indexes = wrap(edit(bare), 'indexes');
    const clock = createManualClock();
    const logger = createMemoryLogger();
    const follower = createCatalogueFollower({ catalogue, delay: async () => undefined, logger });
    const serving = await models.pointer('servable');
    if (serving?.indexId) {
      await takeUp(serving.version, serving.indexId, {
        models,
        writer,
        catalogue,
        indexes: bare,
        follower,
        clock,
        logger,
      });
    }
    const refreshing: Refreshing = {
      models: wrap(models, 'models'),
      writer: wrap(writer, 'writer'),
      catalogue: wrap(catalogue, 'catalogue'),
      indexes,
      follower,
      retention: createRetention(indexes, 0, clock, logger),
      goal: { k: 10, recall: 0.95, coarsePrefix: 0 },
      clock,
      logger,
    };
    try {
      await refresh(version, refreshing);
    } finally {
      await follower.live?.index.close().catch(() => undefined); // after a crash it cannot
    }
    return logger.lines;
  };

  /** A copy of the folder in which 1-3 serves and 1-4 waits. */
  const copyOfBase = async (): Promise<string> => {
    const copy = join(root, `copy-${++copies}`);
    folders.push(copy);
    await cp(join(root, 'base'), copy, { recursive: true });
    if (kind === 'embedded') return copy;
    const from = await openIndexes(join(root, 'base')); // a server's indexes are in no folder
    const to = await openIndexes(copy);
    for (const indexId of await from.list()) {
      const original = await from.open(indexId);
      const index = await to.create(indexId, original.spec);
      await index.upsert(await original.sample(Infinity));
      await index.seal();
    }
    const active = await from.active();
    if (active !== undefined) await to.activate(active);
    return copy;
  };
  const folders: string[] = [];

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'gatehouse-embedder-'));
    catalogue = createMemoryItemCatalogue();
    await catalogue.put(items);
    const base = join(root, 'base');
    folders.push(base);
    const { models } = await openStores(base);
    const trainer = await models.lead('trainer');
    for (const version of ['1-1', '1-2', '1-3', '1-4']) {
      const parts = partsOf(modelOf(version), canaryCount);
      await trainer.save({ id: version, parent: null, schemaHash: 'test', offsets: {}, metrics: {}, parts });
      if (version !== '1-4') await refreshOnce(base, version);
    }
  });
  afterAll(async () => {
    for (const folder of folders) {
      const { indexes } = await openStores(folder);
      for (const indexId of await indexes.list()) await indexes.drop(indexId);
    }
    await rm(root, { recursive: true, force: true });
  });

  /** Whatever the pointer names can be opened and answers with the vectors of the version that it names. */
  const servable = async (folder: string): Promise<{ version: string; indexId: string }> => {
    const { models, indexes } = await openStores(folder);
    const pointer = await models.pointer('servable');
    const { version, indexId = 'none' } = pointer!;
    const index = await indexes.open(indexId);
    expect(await index.count()).toBe(availableItems.length);
    const model = modelOf(version);
    for (const { vector } of readCanaries((await models.load(version)).parts[canariesPart])) {
      const expected = availableItems
        .map((item) => {
          const candidate = model.candidate.embed([item]);
          return { itemId: item.itemId, score: candidate.reduce((sum, x, d) => sum + x * vector[d], 0) };
        })
        .sort((a, b) => b.score - a.score);
      const [best] = await index.search({ vector, k: 1 });
      expect(best.itemId).toBe(expected[0].itemId);
      expect(best.score).toBeCloseTo(expected[0].score, 5);
    }
    await index.close();
    return { version, indexId };
  };

  it('turns a version into the servable index and says so', async () => {
    const folder = await copyOfBase();
    expect(await servable(folder)).toEqual({ version: '1-3', indexId: '1-3.1' });
    const lines = await refreshOnce(folder, '1-4');
    expect(await servable(folder)).toEqual({ version: '1-4', indexId: '1-4.1' });
    const { indexes } = await openStores(folder);
    expect(await indexes.active()).toBe('1-4.1');
    expect(await indexes.list()).toEqual(['1-2.1', '1-3.1', '1-4.1']);
    const line = lines.find(({ message }) => message === 'index.servable');
    expect(line?.fields).toEqual({
      modelVersion: '1-4',
      indexId: '1-4.1',
      indexSize: availableItems.length,
      canaryRecallAt10: 1,
      searchEffort: 32,
      seconds: 0,
    });
    const opened = await indexes.open('1-4.1');
    expect(opened.spec.manifest).toEqual({ modelVersion: '1-4', catalogueOffset: items.length, catalogueTimeMs: 0 });
    expect(opened.spec.dimension).toBe(dimension);
  });

  it('calls the ports in the order that keeps the old index serving', async () => {
    const { calls, wrap } = createFaults();
    await refreshOnce(await copyOfBase(), '1-4', wrap);
    const order = ['index.seal', 'index.count', 'index.sample', 'index.search', 'indexes.activate'];
    const at = [...order, 'writer.point', 'indexes.drop'].map((call) => calls.lastIndexOf(call));
    expect(at).toEqual([...at].sort((a, b) => a - b));
    expect(at[0]).toBeGreaterThan(0);
  });

  it(
    'survives a crash at every call, and the next run converges',
    async () => {
      const { calls, wrap } = createFaults();
      await refreshOnce(await copyOfBase(), '1-4', wrap);
      expect(calls.length).toBeGreaterThan(12);
      let moved = 0;
      for (const at of calls.keys()) {
        // A crash before a call is one after the call before it. An error before it leaves the process alive to clean up.
        for (const [when, forGood] of [
          ['before', false],
          ['after', true],
        ] as const) {
          const folder = await copyOfBase();
          const faults = createFaults({ at, when, forGood });
          const outcome = await refreshOnce(folder, '1-4', faults.wrap).then(
            () => 'done',
            (error: unknown) => error,
          );
          const context = `${calls[at]} (${when}, ${forGood ? 'crash' : 'error'})`;
          const moves = calls.lastIndexOf('writer.point'); // the first one only says what is being refreshed
          const pointMoved = at > moves || (at === moves && when === 'after');
          // An error after the pointer moved is one of retention alone: the refresh is done.
          const isDone = at > moves;
          expect([context, outcome === 'done' || outcome instanceof Crash]).toEqual([context, true]);
          expect([context, outcome === 'done']).toEqual([context, isDone]);
          if (pointMoved) moved++;
          expect([context, (await servable(folder)).version]).toEqual([context, pointMoved ? '1-4' : '1-3']);

          await refreshOnce(folder, '1-4');
          const { version, indexId } = await servable(folder);
          expect([context, version]).toEqual([context, '1-4']);
          const { indexes } = await openStores(folder);
          expect(await indexes.active()).toBe(indexId);
          // Nothing is left over but the predecessors: two, of which one may be an earlier build that served.
          const builds = pointMoved ? ['1-3.1', '1-4.1', '1-4.2'] : ['1-2.1', '1-3.1', indexId];
          expect([context, await indexes.list()]).toEqual([context, builds]);
          await rm(folder, { recursive: true });
        }
      }
      expect(moved).toBeGreaterThan(3);
      process.stdout.write(`refresh, ${kind}: ${2 * calls.length} crash points of ${calls.length} calls, all safe\n`);
    },
    everyCallTimeoutMs,
  );

  it('lets one of two embedders at most have its way, and the next run converges', async () => {
    const folder = await copyOfBase();
    const both = await Promise.allSettled([refreshOnce(folder, '1-4'), refreshOnce(folder, '1-4')]);
    expect(both.filter(({ status }) => status === 'fulfilled').length).toBeLessThanOrEqual(1);
    await servable(folder); // whatever serves is whole
    await refreshOnce(folder, '1-4');
    expect((await servable(folder)).version).toBe('1-4');
  });

  /** A copy in which a version 1-5 waits whose parts were changed. */
  const withSpoiltVersion = async (spoil: (parts: ReturnType<typeof partsOf>) => void): Promise<string> => {
    const folder = await copyOfBase();
    const { models } = await openStores(folder);
    const parts = partsOf(modelOf('1-5'), canaryCount);
    spoil(parts);
    const trainer = await models.lead('trainer');
    const version = { id: '2-5', parent: null, schemaHash: 'test', offsets: {}, metrics: {}, parts };
    await trainer.save(version);
    return folder;
  };

  it.each([1e-4, NaN])('refuses canaries that are off by %p, and moves nothing', async (error) => {
    const folder = await withSpoiltVersion((parts) => {
      parts[canariesPart].tensors['vectors'].data[3] += error;
    });
    await expect(refreshOnce(folder, '2-5')).rejects.toThrow(IndexRefusedError);
    expect(await servable(folder)).toEqual({ version: '1-3', indexId: '1-3.1' });
    expect(await (await openStores(folder)).indexes.list()).toEqual(['1-1.1', '1-2.1', '1-3.1']);
  });

  it('drops the index that it refuses, lets go of it and moves nothing', async () => {
    const folder = await copyOfBase();
    const closed = jest.fn();
    const blind = (indexes: ItemIndexStore): ItemIndexStore => ({
      ...indexes,
      create: async (indexId, spec) => {
        const index = await indexes.create(indexId, spec);
        jest.spyOn(index, 'search').mockResolvedValue([]);
        jest.spyOn(index, 'close').mockImplementation(closed);
        return index;
      },
    });
    await expect(refreshOnce(folder, '1-4', undefined, blind)).rejects.toThrow('canary recall');
    expect(closed).toHaveBeenCalledTimes(1);
    expect(await (await openStores(folder)).indexes.list()).toEqual(['1-1.1', '1-2.1', '1-3.1']);
    expect(await servable(folder)).toEqual({ version: '1-3', indexId: '1-3.1' });
  });
});
