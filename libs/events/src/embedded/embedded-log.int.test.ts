import { createRandom } from '@gatehouse/domain';
import { buildSync } from 'esbuild';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { OffsetGapError, StorageError } from '../errors';
import { collect, collectAll, idsOf, impressions, temporaryFolder } from '../samples.contract';
import { createEmbeddedDeadLetterSink, readDeadLetters } from './embedded-dead-letters';
import { createEmbeddedImpressionSink } from './embedded-impression-sink';
import { createEmbeddedImpressionSource } from './embedded-impression-source';
import { type EmbeddedLog, openEmbeddedLog } from './embedded-log';

// Inside the library, so that the bundle finds lmdb in node_modules.
const fixtureFolder = resolve(__dirname, '../../dist', `fixture-${process.pid}`);
const writer = join(fixtureFolder, 'writer.cjs');

/** A writer process and what it has acknowledged so far. */
class Writer {
  acknowledged = 0;
  errors = '';
  private readonly process: ChildProcess;
  private readonly exited: Promise<unknown[]>;

  constructor(folder: string, name: string, batchSize: number, batches: number, limit = 'true') {
    const args = [writer, folder, name, String(batchSize), String(batches)];
    this.process = spawn('bash', ['-c', `${limit} && exec "$0" "$@"`, process.execPath, ...args]);
    this.exited = once(this.process, 'close');
    this.process.stdout!.on('data', (data: Buffer) => (this.acknowledged = lastLine(data)));
    this.process.stderr!.on('data', (data: Buffer) => (this.errors += data.toString()));
  }

  /** Resolves when at least `count` are acknowledged. */
  async hasAcknowledged(count: number): Promise<void> {
    while (this.acknowledged < count) await once(this.process.stdout!, 'data');
  }

  kill(): void {
    this.process.kill('SIGKILL');
  }

  /** Exit code, or null when killed. All output has come by then. */
  async exit(): Promise<number | null> {
    const [code] = await this.exited;
    return code as number | null;
  }
}

/** A line that is cut by the pipe reads as a smaller number: never more than was acknowledged. */
function lastLine(data: Buffer): number {
  return Number(data.toString().trim().split('\n').at(-1));
}

/** Ids of one writer, in log order. */
function idsFrom(ids: readonly string[], name: string): string[] {
  return ids.filter((id) => id.startsWith(`${name}-`));
}

function expectPrefix(ids: readonly string[], name: string): void {
  expect(ids).toEqual(Array.from({ length: ids.length }, (_, i) => `${name}-${i}`));
}

describe('embedded log', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let log: EmbeddedLog;
  const reopen = async () => {
    await log.close();
    log = openEmbeddedLog({ folder: folder.path });
  };

  beforeAll(() => {
    mkdirSync(fixtureFolder, { recursive: true });
    buildSync({
      entryPoints: [join(__dirname, 'writer.fixture.ts')],
      outfile: writer,
      bundle: true,
      platform: 'node',
      external: ['lmdb', 'zod'],
    });
  });
  afterAll(() => rmSync(fixtureFolder, { recursive: true }));
  beforeEach(async () => {
    folder = await temporaryFolder();
    log = openEmbeddedLog({ folder: folder.path });
  });
  afterEach(async () => {
    await log.close();
    await folder.remove();
  });

  it('keeps everything over a restart', async () => {
    await createEmbeddedImpressionSink(log).append(impressions('a', 10));
    await reopen();
    await createEmbeddedImpressionSink(log).append(impressions('b', 1));
    const ids = idsOf(await collect(createEmbeddedImpressionSource(log), {}, 11));
    expect(ids).toEqual([...impressions('a', 10).map(({ eventId }) => eventId), 'b-0']);
  });

  it('serves two handles of one process, and outlives the closing of one', async () => {
    const second = openEmbeddedLog({ folder: folder.path });
    await createEmbeddedImpressionSink(second).append(impressions('a', 1));
    await second.close();
    await createEmbeddedImpressionSink(log).append(impressions('b', 1));
    expect(idsOf(await collectAll(createEmbeddedImpressionSource(log)))).toEqual(['a-0', 'b-0']);
  });

  it('lets several processes append at once, while readers always see a prefix', async () => {
    const [batchSize, batches] = [50, 40];
    const writers = ['left', 'right'].map((name) => new Writer(folder.path, name, batchSize, batches));
    const sink = createEmbeddedImpressionSink(log);
    const source = createEmbeddedImpressionSource(log);
    const total = 3 * batchSize * batches;
    const stop = new AbortController();
    const own = (async () => {
      const all = impressions('own', batchSize * batches);
      for (let at = 0; at < all.length; at += batchSize) await sink.append(all.slice(at, at + batchSize));
    })();

    const seen: string[] = [];
    for await (const chunk of source.read({}, stop.signal)) {
      seen.push(...idsOf(chunk));
      // A reader that opens now: what it finds is a prefix of every writer's events.
      const prefix = idsOf(await collectAll(source));
      for (const name of ['left', 'right', 'own']) expectPrefix(idsFrom(prefix, name), name);
      if (seen.length === total) stop.abort();
    }
    await own;
    expect(await Promise.all(writers.map((each) => each.exit()))).toEqual([0, 0]);
    for (const name of ['left', 'right', 'own']) expectPrefix(idsFrom(seen, name), name);
    // Batches are not interleaved: each is one transaction.
    const batchNames = Array.from({ length: total / batchSize }, (_, i) =>
      seen.slice(i * batchSize, (i + 1) * batchSize).map((id) => id.split('-')[0]),
    );
    expect(batchNames.every((names) => new Set(names).size === 1)).toBe(true);
    expect([...readDeadLetters(log)]).toHaveLength(2 * batches);
  }, 60_000);

  it.each([1, 2, 3, 4, 5, 6])(
    'loses nothing acknowledged when a writer is killed, and stays writable (seed %d)',
    async (seed) => {
      const random = createRandom('kill', seed);
      const batchSize = 1 + random.below(200);
      const killed = new Writer(folder.path, 'killed', batchSize, 1_000_000);
      await killed.hasAcknowledged(batchSize * (1 + random.below(20)));
      // From here to the kill: some point inside of an append, chosen by the seed.
      const killAt = performance.now() + random.next() * 5;
      while (performance.now() < killAt) await new Promise(setImmediate);
      killed.kill();
      expect(await killed.exit()).toBeNull();

      await reopen();
      const source = createEmbeddedImpressionSource(log);
      await createEmbeddedImpressionSink(log).append(impressions('after', 3));
      const records = await collectAll(source);
      expect(records.map(({ offset }) => offset)).toEqual(records.map((_, i) => i));
      const ids = idsOf(records);
      const survived = idsFrom(ids, 'killed');
      expectPrefix(survived, 'killed');
      expect(survived.length).toBeGreaterThanOrEqual(killed.acknowledged);
      expect(survived.length % batchSize).toBe(0);
      expect(ids.slice(-3)).toEqual(['after-0', 'after-1', 'after-2']);
      expect([...readDeadLetters(log)].length).toBeGreaterThanOrEqual(killed.acknowledged / batchSize);
    },
    30_000,
  );

  it('tells the writer of a full disk, keeps what was acknowledged, and goes on when there is space', async () => {
    // 2 MiB per file, in blocks of 1 KiB.
    const limited = new Writer(folder.path, 'limited', 100, 1000, 'ulimit -f 2048');
    expect(await limited.exit()).toBe(3);
    expect(JSON.parse(limited.errors)).toEqual({ name: 'StorageError', folder: folder.path, operation: 'write' });
    await reopen();
    await createEmbeddedImpressionSink(log).append(impressions('after', 1));
    const ids = idsOf(await collectAll(createEmbeddedImpressionSource(log)));
    const survived = idsFrom(ids, 'limited');
    expectPrefix(survived, 'limited');
    expect(limited.acknowledged).toBeGreaterThan(0);
    expect(survived.length).toBeGreaterThanOrEqual(limited.acknowledged);
    expect(ids.at(-1)).toBe('after-0');
  }, 30_000);

  it('names the folder when it is none', () => {
    const file = join(folder.path, 'file');
    writeFileSync(file, '');
    expect(() => openEmbeddedLog({ folder: file })).toThrow(StorageError);
    expect(() => openEmbeddedLog({ folder: file })).toThrow(file);
  });

  it('refuses a log that was created with other partitions', () => {
    expect(() => openEmbeddedLog({ folder: folder.path, partitionCount: 2 })).toThrow(
      /expected a log of 2 partitions, found 1/,
    );
    expect(() => openEmbeddedLog({ folder: folder.path, partitionCount: 0 })).toThrow(RangeError);
  });

  it('appends all partitions of a call or none', async () => {
    const tooLongKey = { partition: 0, key: 'k'.repeat(256), value: Buffer.from('b') };
    const appended = log.append('topic', [{ partition: 1, value: Buffer.from('a') }, tooLongKey]);
    await expect(appended).rejects.toThrow(StorageError);
    expect(log.bounds('topic', 1)).toEqual({ earliest: 0, end: 0 });
  });

  it('finds a hole in the offsets instead of skipping it', async () => {
    await createEmbeddedImpressionSink(log).append(impressions('a', 4));
    const records = log.store.numbered('records/impressions/0');
    log.store.write(() => records.removeSync(2));
    const reading = collect(createEmbeddedImpressionSource(log), {}, 4);
    await expect(reading).rejects.toMatchObject({ name: 'OffsetGapError', expected: 2, found: 3 });
    log.store.write(() => records.removeSync(3));
    await expect(collect(createEmbeddedImpressionSource(log), { impressions: { 0: 2 } }, 1)).rejects.toThrow(
      OffsetGapError,
    );
  });

  it('reads big records in chunks of about 1 MiB', async () => {
    const value = Buffer.alloc(600_000);
    for (let i = 0; i < 3; i++) await log.append('big', [{ partition: 0, value }]);
    expect(log.read('big', 0)).toMatchObject({ nextOffset: 1 });
    expect(log.read('big', 0, 1)).toMatchObject({ nextOffset: 2 });
    await log.append('big', [{ partition: 0, value: Buffer.alloc(2_000_000) }]);
    expect(log.read('big', 0, 3)).toMatchObject({ nextOffset: 4 });
  });

  it('keeps at most the retained bytes, but never drops what it just appended', async () => {
    await log.close();
    // A stored record has 9 bytes of its own beside its value: 10 of them fit.
    log = openEmbeddedLog({ folder: folder.path, retentionBytes: 1000 });
    for (let i = 0; i < 25; i++) await log.append('topic', [{ partition: 0, value: Buffer.alloc(91) }]);
    expect(log.bounds('topic', 0)).toEqual({ earliest: 15, end: 25 });
    await log.append('topic', [{ partition: 0, value: Buffer.alloc(5000) }]);
    expect(log.bounds('topic', 0)).toEqual({ earliest: 25, end: 26 });
  });

  it('keeps records for the retained time', async () => {
    await log.close();
    let nowMs = 0;
    log = openEmbeddedLog({ folder: folder.path, retentionMs: 1000, nowMs: () => nowMs });
    for (nowMs = 0; nowMs <= 3000; nowMs += 100) await log.append('topic', [{ partition: 0, value: Buffer.from('v') }]);
    // At 3000, records from 2000 on remain: number 20.
    expect(log.bounds('topic', 0)).toEqual({ earliest: 20, end: 31 });
  });

  it('forgets the key of a record with the record', async () => {
    await log.close();
    let nowMs = 0;
    log = openEmbeddedLog({ folder: folder.path, retentionMs: 1000, nowMs: () => nowMs });
    const sink = createEmbeddedDeadLetterSink(log);
    const letter = (offset: number) => ({
      ...{ topic: 'impressions', partition: 0, offset, value: Buffer.from('v') },
      rejection: { code: 'c', reason: 'r' },
    });
    await sink.reject([letter(1)]);
    nowMs = 2000;
    await sink.reject([letter(2)]);
    await sink.reject([letter(1)]);
    expect([...readDeadLetters(log)].map(({ offset }) => offset)).toEqual([2, 1]);
  });
});
