import { open } from 'node:fs/promises';
import { join } from 'node:path';

import { FencedError, type ModelWriter } from '@gatehouse/artifacts';
import { createFilesystemModelStore } from '@gatehouse/artifacts/filesystem';
import { createManualClock } from '@gatehouse/runtime';
import { NonFiniteStepError } from '@gatehouse/towers';

import type { ImpressionBatch } from './cut-batches';
import { createPublisher, publishedEvents, resume, SchemaChangedError } from './publisher';
import { useTemporaryFolders } from './temporary-folder.fixture';
import { batchesOf, createMemoryLogger, createWorld, useCpu, worldImpressions, worldSchema } from './world.fixture';

describe('publisher', () => {
  useCpu();
  const temporaryFolder = useTemporaryFolders();

  let batches: ImpressionBatch[];
  beforeAll(async () => {
    batches = await batchesOf(worldImpressions(80), worldSchema());
  });

  /** A trainer that leads an empty store. */
  async function createTrainer({ maxDeltas = 8, keep = 3, retainMs = 0 } = {}) {
    const folder = await temporaryFolder();
    const store = createFilesystemModelStore({ folder });
    const world = createWorld();
    const logger = createMemoryLogger();
    const clock = createManualClock();
    const writer = await store.lead('trainer');
    let fails = false;
    const failing: ModelWriter = {
      ...writer,
      save: async (draft) => {
        if (fails) {
          fails = false;
          throw new Error('no space');
        }
        return writer.save(draft);
      },
    };
    const failNextSave = (): void => {
      fails = true;
    };
    const publisher = createPublisher(world.learner, failing, null, { maxDeltas, keep, retainMs }, clock, logger);
    return { folder, store, learner: world.learner, logger, publisher, clock, failNextSave };
  }

  /** Turns one bit of a file. */
  async function damage(folder: string, version: string, name: string): Promise<void> {
    const file = await open(join(folder, 'versions', version, name), 'r+');
    const { size } = await file.stat();
    const byte = new Uint8Array(1);
    await file.read(byte, 0, 1, size - 1);
    byte[0] ^= 1;
    await file.write(byte, 0, 1, size - 1);
    await file.close();
  }

  it('numbers versions, names their parents and moves the pointers', async () => {
    const { store, learner, publisher, logger } = await createTrainer();
    learner.learn(batches[0]);
    expect(await publisher.checkpoint()).toBe('1-1');
    expect(await store.pointer('checkpoint')).toEqual({ version: '1-1' });
    expect(await store.pointer('latest')).toBeUndefined(); // a checkpoint is not offered

    learner.learn(batches[1]);
    expect(await publisher.publish()).toBe('1-2');
    expect(await store.pointer('checkpoint')).toEqual({ version: '1-2' });
    expect(await store.pointer('latest')).toEqual({ version: '1-2' });

    const manifest = await store.manifest('1-2');
    expect(manifest).toMatchObject({ parent: '1-1', schemaHash: learner.model.schema.hash, offsets: learner.offsets });
    expect(manifest.offsets).toEqual(batches[1].endOffsets);
    expect((await store.manifest('1-1')).parent).toBeNull();
    expect(logger.lines.map(({ message }) => message)).toEqual(['checkpoint.saved', 'model.published']);
  });

  it('gives each version the means since the version before it', async () => {
    const { store, learner, publisher } = await createTrainer();
    for (const batch of batches.slice(0, 5)) learner.learn(batch);
    await publisher.publish();
    const { lossSum } = learner.counts;
    const { evaluated, hits, popularityHits } = learner.prequential;
    expect((await store.manifest('1-1')).metrics).toEqual({
      events: 40,
      eventTimeMs: learner.counts.eventTimeMs,
      loss: lossSum / 5,
      recallAt10: hits / evaluated,
      popularityRecallAt10: popularityHits / evaluated,
    });

    const { loss } = learner.learn(batches[5]);
    await publisher.checkpoint(); // saves, and leaves the stretch open
    const { loss: next } = learner.learn(batches[6]);
    await publisher.publish();
    const { metrics } = await store.manifest('1-3');
    expect(metrics['events']).toBe(56);
    expect(metrics['loss']).toBeCloseTo((loss! + next!) / 2, 10);
    expect(metrics['recallAt10']).toBeCloseTo(
      (learner.prequential.hits - hits) / (learner.prequential.evaluated - evaluated),
      10,
    );
  });

  it('writes a version without figures before anything was learned', async () => {
    const { store, publisher } = await createTrainer();
    await publisher.publish();
    expect((await store.manifest('1-1')).metrics).toEqual({ events: 0, eventTimeMs: 0 });
  });

  it('keeps the newest versions and the one that is offered', async () => {
    const { store, learner, publisher } = await createTrainer({ maxDeltas: 0 });
    learner.learn(batches[0]);
    await publisher.publish();
    for (let n = 0; n < 5; n++) await publisher.checkpoint();
    expect(await store.list()).toEqual(['1-1', '1-4', '1-5', '1-6']);
  });

  it('keeps every version for a while, so that who reads it can end', async () => {
    const { store, publisher, clock } = await createTrainer({ maxDeltas: 0, retainMs: 1000 });
    for (let n = 0; n < 5; n++) await publisher.checkpoint();
    clock.advance(999);
    await publisher.checkpoint();
    expect(await store.list()).toHaveLength(6);
    clock.advance(1);
    await publisher.checkpoint();
    expect(await store.list()).toEqual(['1-5', '1-6', '1-7']);
  });

  it('resumes exactly the state that was saved, under the next epoch', async () => {
    const { folder, learner, publisher } = await createTrainer();
    for (const batch of batches.slice(0, 3)) learner.learn(batch);
    await publisher.checkpoint();

    const store = createFilesystemModelStore({ folder });
    const other = createWorld().learner;
    const writer = await store.lead('trainer');
    const logger = createMemoryLogger();
    const parent = await resume(other, store, logger);
    expect(parent).toBe('1-1');
    expect(other.snapshot()).toEqual(learner.snapshot());
    expect([other.offsets, other.counts]).toEqual([learner.offsets, learner.counts]);
    expect(
      await createPublisher(
        other,
        writer,
        parent,
        { maxDeltas: 8, keep: 3, retainMs: 0 },
        createManualClock(),
        logger,
      ).publish(),
    ).toBe('2-2');
    expect((await store.manifest('2-2')).parent).toBe('1-1');
    await expect(publisher.checkpoint()).rejects.toThrow(FencedError); // the old leader
  });

  it('saves what changed, on top of what it saved before, and resumes from it exactly', async () => {
    const { folder, store, learner, publisher } = await createTrainer({ maxDeltas: 2, keep: 9 });
    const kinds: string[] = [];
    for (const batch of batches.slice(0, 8)) {
      learner.learn(batch);
      const id = await publisher.checkpoint();
      const { kind, base, files } = await store.manifest(id);
      kinds.push(kind);
      expect(base).toBe(kind === 'delta' ? `1-${kinds.length - 1}` : null);
      expect(files.some(({ name }) => name === 'table.items.patch.safetensors')).toBe(kind === 'delta');

      const other = createWorld().learner;
      expect(await resume(other, createFilesystemModelStore({ folder }), createMemoryLogger())).toBe(id);
      expect(other.snapshot()).toEqual(learner.snapshot());
    }
    expect(kinds.slice(0, 2)).toEqual(['full', 'delta']);
    expect(kinds.filter((kind) => kind === 'full').length).toBeGreaterThan(1);
  });

  it('leaves what could not be saved to the next version', async () => {
    const { folder, learner, publisher, failNextSave } = await createTrainer();
    learner.learn(batches[0]);
    await publisher.checkpoint();
    learner.learn(batches[1]);
    failNextSave();
    await expect(publisher.checkpoint()).rejects.toThrow('no space');
    learner.learn(batches[2]);
    expect(await publisher.checkpoint()).toBe('1-2');

    const other = createWorld().learner;
    await resume(other, createFilesystemModelStore({ folder }), createMemoryLogger());
    expect(other.snapshot()).toEqual(learner.snapshot());
  });

  it('starts anew over an empty store', async () => {
    const { store } = await createTrainer();
    expect(await resume(createWorld().learner, store, createMemoryLogger())).toBeNull();
  });

  it.each([
    ['table.items', 'table.items.safetensors', 0],
    ['table.items, as a change,', 'table.items.patch.safetensors', 8],
    ['random.negatives', 'random.negatives.safetensors', 8],
    ['user-state', 'user-state.safetensors', 0],
  ])('goes back one version when %s is damaged', async (_, file, maxDeltas) => {
    const { folder, store, learner, publisher } = await createTrainer({ maxDeltas });
    for (const batch of batches.slice(0, 2)) learner.learn(batch);
    await publisher.checkpoint();
    const expected = structuredClone(learner.snapshot());
    const { offsets } = learner;
    learner.learn(batches[2]);
    await publisher.checkpoint();
    await damage(folder, '1-2', file);

    const other = createWorld().learner;
    const logger = createMemoryLogger();
    expect(await resume(other, store, logger)).toBe('1-1');
    expect(other.snapshot()).toEqual(expected);
    expect(other.offsets).toEqual(offsets);
    expect(logger.lines[0].message).toBe('checkpoint.refused');
    expect(logger.lines[0].fields['reason']).toContain(file);
  });

  it.each([
    ['table.items.patch.safetensors', 8],
    ['manifest.json', 0],
  ])('counts what a damaged version had offered as not published (%s)', async (name, expected) => {
    const { folder, store, learner, publisher } = await createTrainer();
    expect(await publishedEvents(store, learner)).toBe(0);
    learner.learn(batches[0]);
    await publisher.publish();
    learner.learn(batches[1]);
    await publisher.publish();
    expect(await publishedEvents(store, learner)).toBe(16);
    await damage(folder, '1-2', name);

    const other = createWorld().learner;
    expect(await resume(other, store, createMemoryLogger())).toBe('1-1');
    expect(await publishedEvents(store, other)).toBe(expected);
  });

  it('refuses a checkpoint of another schema and changes nothing', async () => {
    const { store, learner, publisher } = await createTrainer();
    learner.learn(batches[0]);
    await publisher.checkpoint();
    const other = createWorld(worldSchema({ hash: 'another' })).learner;
    const before = structuredClone(other.snapshot());
    const refusal = resume(other, store, createMemoryLogger());
    await expect(refusal).rejects.toThrow(SchemaChangedError);
    await expect(refusal).rejects.toMatchObject({
      version: '1-1',
      stored: learner.model.schema.hash,
      configured: 'another',
    });
    expect(other.snapshot()).toEqual(before);
  });

  it('holds no trace of a batch that could not be learned', async () => {
    const { store, learner, publisher } = await createTrainer();
    learner.learn(batches[0]);
    await publisher.checkpoint();
    const expected = structuredClone(learner.snapshot());
    learner.model.query.dense.weights.fill(NaN);
    expect(learner.learn(batches[1]).refused).toBeInstanceOf(NonFiniteStepError);

    const other = createWorld().learner;
    await resume(other, store, createMemoryLogger());
    expect(other.snapshot()).toEqual(expected);
    expect(other.offsets).toEqual(batches[0].endOffsets);
  });
});
