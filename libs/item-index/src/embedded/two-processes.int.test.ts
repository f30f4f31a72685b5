import { buildSync } from 'esbuild';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

import { clusteredAttributes, clusteredPoints } from '../clustered-points.fixture';
import type { Hit } from '../item-index';
import { openTemporaryStore, type TemporaryStore } from './temporary-store.fixture';

// Inside the library, so that the bundle finds npm packages in node_modules.
const bundleFolder = resolve(__dirname, '../../dist', `fixture-${process.pid}`);
const bundle = join(bundleFolder, 'reader.cjs');

/** A reader in a process of its own. */
class Reader {
  private readonly process: ChildProcess;
  private readonly lines: AsyncIterator<string>;
  private errors = '';

  constructor(folder: string, indexId: string, exactBelow: number) {
    this.process = spawn(process.execPath, [bundle, folder, indexId, String(exactBelow)]);
    this.process.stderr!.on('data', (data: Buffer) => (this.errors += data.toString()));
    this.lines = createInterface({ input: this.process.stdout! })[Symbol.asyncIterator]();
  }

  async line(): Promise<string> {
    const next = await this.lines.next();
    if (next.done === true) throw new Error(`the reader ended: ${this.errors}`);
    return next.value;
  }

  async search(vector: readonly number[]): Promise<Hit[]> {
    this.process.stdin!.write(`${JSON.stringify(vector)}\n`);
    return JSON.parse(await this.line()) as Hit[];
  }

  /** Ends the process and gives its exit code. */
  async end(): Promise<number | null> {
    const exited = once(this.process, 'exit');
    this.process.stdin!.end();
    await exited;
    return this.process.exitCode;
  }
}

describe('two processes on one index', () => {
  let temporary: TemporaryStore;
  beforeAll(() => {
    buildSync({
      entryPoints: [resolve(__dirname, 'reader.fixture.ts')],
      bundle: true,
      platform: 'node',
      target: 'node20',
      external: ['usearch', 'zod'],
      outfile: bundle,
    });
  });
  afterAll(() => rmSync(bundleFolder, { recursive: true }));
  afterEach(() => temporary.close());

  it.each([
    ['exact', Infinity],
    ['with a graph', 0],
  ])('a reader sees every change by its next search, and finishes on a dropped index (%s)', async (_, exactBelow) => {
    temporary = await openTemporaryStore({ exactBelow, expansionSearch: 16 });
    const { store, folder } = temporary;
    const spec = { dimension: 4, metric: 'dot', attributes: clusteredAttributes, manifest: {} } as const;
    const points = clusteredPoints(1, 1000, 4);
    const index = await store.create('1-1.1', spec);
    await index.upsert(points);
    await index.seal();
    const reader = new Reader(folder, '1-1.1', exactBelow);
    expect(await reader.line()).toBe('open');

    const q = [1, 0, 0, 0];
    const own = (): Promise<Hit[]> => index.search({ vector: Float32Array.from(q), k: 20 });
    expect(await reader.search(q)).toEqual(await own());

    for (let round = 1; round <= 5; round++) {
      const before = await reader.search(q);
      await index.upsert([
        { itemId: `new-${round}`, vector: Float32Array.of(10 * round, 0, 0, 0), attributes: {} },
        { ...points[0], vector: Float32Array.of(10 * round - 1, 0, 0, 0) },
      ]);
      await index.remove([before.at(-1)!.itemId]);
      const after = await reader.search(q);
      expect(after.slice(0, 2)).toEqual([
        { itemId: `new-${round}`, score: 10 * round },
        { itemId: points[0].itemId, score: 10 * round - 1 },
      ]);
      expect(after.map(({ itemId }) => itemId)).not.toContain(before.at(-1)!.itemId);
      expect(after).toEqual(await own());
    }

    const last = await own();
    await store.drop('1-1.1');
    expect(await reader.search(q)).toEqual(last);
    expect(await reader.end()).toBe(0);
  });
});
