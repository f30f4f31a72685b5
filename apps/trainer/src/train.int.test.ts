import type { ModelWriter } from '@gatehouse/artifacts';
import { createFilesystemModelStore } from '@gatehouse/artifacts/filesystem';
import { createRandom, type Offsets } from '@gatehouse/domain';
import type { DeadLetterSink, ImpressionRecord, ImpressionSource } from '@gatehouse/events';
import { createMemoryLog, type MemoryLog } from '@gatehouse/events/memory';
import { createManualClock } from '@gatehouse/runtime';

import { DivergedError } from './diverged-error';
import { createPublisher, resume } from './publisher';
import { createSchedule, type ScheduleOptions } from './schedule';
import { useTemporaryFolders } from './temporary-folder.fixture';
import { train } from './train';
import { createMemoryLogger, createWorld, useCpu, type World, worldImpressions } from './world.fixture';

/** Poisoned events by offset, beside those with an action that the schema does not know. */
const poison = new Map([
  [0, 'not json'],
  [17, '{"eventId": 1}'],
  [18, ''],
  [75, '{}'],
]);
const eventCount = 95;

/** A log of good and bad records, all in one partition. */
async function createLog(): Promise<MemoryLog> {
  const log = createMemoryLog();
  const impressions = worldImpressions(eventCount).map((impression, n) =>
    n % 40 === 39 ? { ...impression, action: 'like' } : impression,
  );
  let offset = 0;
  for (const impression of impressions) {
    for (let bad = poison.get(offset); bad !== undefined; bad = poison.get(++offset)) {
      log.appendBytes(0, new TextEncoder().encode(bad));
    }
    await log.sink.append([impression]);
    offset++;
  }
  return log;
}

/** The records that are in the log now, in chunks of random size; then it ends, as a source does after an abort. */
function inChunks(source: ImpressionSource, seed: number): ImpressionSource {
  const random = createRandom('chunks', seed);
  async function* read(start: Offsets, signal: AbortSignal): AsyncGenerator<readonly ImpressionRecord[]> {
    const end = (await source.endOffsets())['impressions'][0];
    if ((start['impressions']?.[0] ?? 0) === end) return;
    for await (const records of source.read(start, signal)) {
      for (let at = 0; at < records.length;) {
        if (signal.aborted) return;
        const size = 1 + random.below(12);
        yield records.slice(at, at + size);
        at += size;
      }
      if (records[records.length - 1].offset + 1 === end) return;
    }
  }
  return { ...source, read };
}

const neverIdle = (_ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve()));

/** What a run may change. */
interface RunOptions {
  readonly seed?: number;
  /** Aborts after this many batches. */
  readonly abortAfter?: number;
  readonly deadLetters?: DeadLetterSink;
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly schedule?: Partial<ScheduleOptions>;
  /** Whether the source waits at the end of the log. */
  readonly waits?: boolean;
  /** Sees every version before it is saved. */
  readonly onSave?: (world: World) => void;
  readonly signal?: AbortSignal;
  readonly onSaved?: (offsets: Offsets) => void;
  /** Before each batch, counted from 1. */
  readonly onBatch?: (world: World, batch: number) => void;
  readonly logger?: ReturnType<typeof createMemoryLogger>;
}

/** One life of a trainer: leads, resumes, learns until it is aborted or the log ends. */
async function run(folder: string, log: MemoryLog, options: RunOptions = {}): Promise<World> {
  const { seed = 1, abortAfter = Infinity, deadLetters = log.deadLetters, sleep = neverIdle } = options;
  const store = createFilesystemModelStore({ folder });
  const world = createWorld();
  const { learner } = world;
  const { logger = createMemoryLogger() } = options;
  const clock = createManualClock();
  const random = createRandom('clock', seed);
  const writer = await store.lead('trainer');
  const watched: ModelWriter = {
    ...writer,
    save: (draft) => {
      options.onSave?.(world);
      return writer.save(draft);
    },
  };
  const parent = await resume(learner, store, logger);
  const latest = await store.pointer('latest');
  const publishedEvents = latest ? (await store.manifest(latest.version)).metrics['events'] : 0;
  const stop = new AbortController();
  let batches = 0;
  await train({
    source: options.waits ? log.source : inChunks(log.source, seed),
    deadLetters,
    learner,
    publisher: createPublisher(
      learner,
      watched,
      parent,
      { maxDeltas: 8, keep: 3, retainMs: 0 },
      createManualClock(),
      logger,
    ),
    schedule: createSchedule(
      { publishEveryEvents: 32, publishAfterIdleMs: 2000, checkpointEveryMs: 1000, ...options.schedule },
      { savedEvents: learner.counts.applied, publishedEvents },
      clock,
    ),
    followCatalogue: () => {
      clock.advance(random.below(700));
      if (++batches >= abortAfter) stop.abort();
      options.onBatch?.(world, batches);
    },
    onDiagnostics: () => undefined,
    onSaved: options.onSaved ?? (() => undefined),
    sleep,
    logger,
    signal: options.signal ? AbortSignal.any([stop.signal, options.signal]) : stop.signal,
  });
  return world;
}

/** Every record up to the learner's position has exactly one fate. */
function expectBalanced({ learner }: World, log: MemoryLog): void {
  const { applied, skipped, unweighted, joined, pending, late, deadLettered } = learner.counts;
  const span = learner.offsets['impressions']?.[0] ?? 0;
  expect(applied + skipped + unweighted + joined + pending + late + deadLettered).toBe(span);
  expect(log.rejected.filter(({ offset }) => offset < span)).toHaveLength(deadLettered);
}

describe('train', () => {
  useCpu();
  const temporaryFolder = useTemporaryFolders();

  let log: MemoryLog;
  let uninterrupted: World;
  beforeAll(async () => {
    log = await createLog();
    uninterrupted = await run(await temporaryFolder(), log);
  });

  it('learns, counts or dead-letters each record once, and leaves what is short of a batch', async () => {
    const { learner } = uninterrupted;
    expectBalanced(uninterrupted, log);
    const { applied, deadLettered } = learner.counts;
    expect(applied % learner.model.schema.training.batchSize).toBe(0);
    expect(deadLettered).toBe(poison.size + 2);
    const end = (await log.source.endOffsets())['impressions'][0];
    const pending = end - learner.offsets['impressions'][0];
    expect(end).toBe(eventCount + poison.size);
    expect(pending).toBeGreaterThan(0);
    expect(pending).toBeLessThan(20);
    expect(new Set(log.rejected.map(({ rejection }) => rejection.code))).toContain('unknown-action');
  });

  it('publishes at the crossings and saves the rest when it ends', async () => {
    const folder = await temporaryFolder();
    const { learner } = await run(folder, log);
    const store = createFilesystemModelStore({ folder });
    const latest = await store.manifest((await store.pointer('latest'))!.version);
    expect(latest.metrics['events']).toBe(64); // the crossings of 32 and 64
    const newest = await store.load((await store.pointer('checkpoint'))!.version);
    expect(newest.manifest.metrics['events']).toBe(learner.counts.applied);
    const again = createWorld().learner;
    again.restore(newest.parts, newest.manifest.offsets);
    expect(again.snapshot()).toEqual(learner.snapshot());
  });

  it('saves nothing when it learned nothing', async () => {
    const folder = await temporaryFolder();
    await run(folder, log);
    const store = createFilesystemModelStore({ folder });
    const before = await store.list();
    await run(folder, log);
    expect(await store.list()).toEqual(before);
  });

  it.each([1, 2, 3])('ends bit for bit as if it had never stopped, seed %d', async (seed) => {
    const folder = await temporaryFolder();
    const random = createRandom('stops', seed);
    for (let life = 0; life < 3; life++) {
      const stopped = await run(folder, log, { seed: 10 * seed + life, abortAfter: 1 + random.below(4) });
      expectBalanced(stopped, log);
    }
    const last = await run(folder, log, { seed });
    expect(last.learner.snapshot()).toEqual(uninterrupted.learner.snapshot());
    expect(last.learner.offsets).toEqual(uninterrupted.learner.offsets);
  });

  it.each([1, 2])('loses and repeats nothing when its dead-letter sink fails, seed %d', async (seed) => {
    const folder = await temporaryFolder();
    const random = createRandom('failures', seed);
    for (let life = 0; life < 2; life++) {
      let left = 1 + random.below(4);
      const failing: DeadLetterSink = {
        reject: async (records) => {
          if (--left < 0) throw new Error('disk full');
          await log.deadLetters.reject(records);
        },
      };
      await expect(run(folder, log, { seed: 10 * seed + life, deadLetters: failing })).rejects.toThrow('disk full');
    }
    const last = await run(folder, log, { seed });
    expect(last.learner.snapshot()).toEqual(uninterrupted.learner.snapshot());
    expectBalanced(last, log);
  });

  it('keeps dead letters before a saved position moves past them', async () => {
    const fresh = await createLog();
    const slow: DeadLetterSink = {
      reject: async (records) => {
        for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
        await fresh.deadLetters.reject(records);
      },
    };
    const onSave = jest.fn((world: World) => expectBalanced(world, fresh));
    await run(await temporaryFolder(), fresh, { deadLetters: slow, onSave });
    expect(onSave.mock.calls.length).toBeGreaterThan(3);
  });

  describe('when loss or gradient are not finite', () => {
    /** Breaks the weights before the batches `from .. to`, and mends them after. */
    const breaking = (from: number, to: number) => {
      let whole: Float32Array | undefined;
      return ({ learner }: World, batch: number): void => {
        const { weights } = learner.model.query.dense;
        if (batch === from) {
          whole = weights.slice();
          weights.fill(NaN);
        }
        if (batch === to + 1 && whole) weights.set(whole);
      };
    };

    it('passes over a batch, names its offsets, counts it and goes on', async () => {
      const logger = createMemoryLogger();
      const world = await run(await temporaryFolder(), log, { onBatch: breaking(3, 4), logger });
      expect(world.learner.counts).toMatchObject({ refused: 2, refusedInRow: 0, skipped: 16 });
      expectBalanced(world, log);
      const lines = logger.lines.filter(({ message }) => message === 'batch.refused');
      expect(lines).toHaveLength(2);
      expect(lines[0].fields['reason']).toBe(
        'train step: loss: expected a finite number, found NaN; no weight was changed',
      );
      const [from, to] = ['from', 'to'].map((field) => (lines[0].fields[field] as Offsets)['impressions'][0]);
      expect(to).toBeGreaterThan(from);
      expect((lines[1].fields['from'] as Offsets)['impressions'][0]).toBe(to);
    });

    it('stops at the third in a row, with the newest checkpoint from before', async () => {
      const folder = await temporaryFolder();
      const checkpointBefore = { publishEveryEvents: 16, checkpointEveryMs: 1_000_000 };
      const ended = run(folder, log, { onBatch: breaking(3, 99), schedule: checkpointBefore });
      await expect(ended).rejects.toThrow(DivergedError);
      const store = createFilesystemModelStore({ folder });
      const newest = await store.load((await store.pointer('checkpoint'))!.version);
      expect(newest.manifest.metrics['events']).toBe(16);
      expect(newest.parts['query.dense'].tensors['weights'].data.every(Number.isFinite)).toBe(true);
      // Whoever starts again goes on from there, as if nothing had been.
      const last = await run(folder, log);
      expect(last.learner.snapshot()).toEqual(uninterrupted.learner.snapshot());
    });
  });

  describe('at the end of the log', () => {
    const onlyWhenIdle = { publishEveryEvents: 1_000_000, checkpointEveryMs: 1_000_000 };
    /** The stream is idle unless the next batch comes within some turns of the event loop. */
    const someTurns = async (): Promise<void> => {
      for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
    };

    it('publishes what is left once the stream falls idle', async () => {
      const folder = await temporaryFolder();
      const stop = new AbortController();
      const onSave = jest.fn(() => stop.abort());
      const options = { schedule: onlyWhenIdle, sleep: someTurns, signal: stop.signal, onSave, waits: true };
      const { learner } = await run(folder, log, options);
      expect(learner.counts).toEqual(uninterrupted.learner.counts);
      const store = createFilesystemModelStore({ folder });
      expect((await store.pointer('latest'))?.version).toBe('1-1');
      expect((await store.manifest('1-1')).metrics['events']).toBe(learner.counts.applied);
      expect(onSave).toHaveBeenCalledTimes(1); // nothing new when it ends
    });

    it('ends with the error when that version cannot be saved', async () => {
      const stop = new AbortController();
      const onSave = (): void => {
        throw new Error('disk full');
      };
      const options = { schedule: onlyWhenIdle, sleep: someTurns, signal: stop.signal, onSave, waits: true };
      await expect(run(await temporaryFolder(), log, options)).rejects.toThrow('disk full');
      stop.abort();
    });
  });
});
