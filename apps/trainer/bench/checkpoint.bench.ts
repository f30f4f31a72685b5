import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createFilesystemModelStore } from '@gatehouse/artifacts/filesystem';
import { createRandom, type Snapshot, type SnapshotPatch, type Stateful } from '@gatehouse/domain';
import { compileSchema } from '@gatehouse/schema';
import { describeMachine, machineLine, markdownTable, writeResult, writeSection } from '@gatehouse/testing';
import { createTrainStep, createTwoTowerModel, loadBackend, type TrainBatch } from '@gatehouse/towers';

/*
 * A table of a million rows of 64, with row-wise Adagrad, in and out of the model store: a full version, deltas of what some steps
 * changed, and both read again. Writes docs/benchmarks.md and reports/bench-checkpoint.json. `-- --quick`: 100,000 rows, and no page.
 */
const isQuick = process.argv.includes('--quick');
const rows = isQuick ? 100_000 : 1_000_000;
const batchSize = 1024;
const stepsPerDelta = 50;
const deltas = 4;

const schema = compileSchema(
  `
actions: { click: { weight: 1 } }
tables: { items: { dimension: 64 } }
query: { features: [{ kind: history, name: history, table: items, length: 5 }] }
candidate: { features: [{ kind: id, name: item, table: items }] }
`,
  'bench',
);

/** One thing that was measured. */
interface Result {
  readonly what: string;
  readonly fileMegabytes: number;
  readonly ms: number;
  /** Longest time in which nothing else could run. */
  readonly blockedMs: number;
  /** Most of the process's memory meanwhile, beyond what it had before. */
  readonly peakMegabytes: number;
}

/** Waits until the buffers of what is no longer used are gone, which takes several rounds. */
async function settle(): Promise<void> {
  for (let round = 0; round < 5; round++) {
    globalThis.gc?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function measure<T>(work: () => Promise<T>): Promise<[T, Omit<Result, 'what' | 'fileMegabytes'>]> {
  await settle();
  const memoryBefore = process.memoryUsage.rss();
  const began = performance.now();
  let [peak, last, blockedMs] = [memoryBefore, began, 0];
  const look = (): void => {
    peak = Math.max(peak, process.memoryUsage.rss());
    blockedMs = Math.max(blockedMs, performance.now() - last);
    last = performance.now();
  };
  const timer = setInterval(look, 1);
  try {
    const result = await work();
    look();
    return [result, { ms: performance.now() - began, blockedMs, peakMegabytes: (peak - memoryBefore) / 1e6 }];
  } finally {
    clearInterval(timer);
  }
}

/** Batches of items by Zipf's law, as candidates and in histories. */
function createBatches(): () => TrainBatch {
  const random = createRandom('batches', 1);
  const draw = (): string => `item-${Math.floor(rows ** random.next())}`;
  return () => ({
    queries: Array.from({ length: batchSize }, () => ({
      features: {},
      history: Array.from({ length: 5 }, () => ({ itemId: draw(), eventTimeMs: 0 })),
      context: {},
      requestTimeMs: 0,
    })),
    candidates: Array.from({ length: batchSize }, () => ({ itemId: draw(), features: {} })),
    logQ: new Float32Array(batchSize),
    weights: new Float32Array(batchSize).fill(1),
  });
}

interface Trained {
  readonly parts: readonly Stateful[];
  readonly items: { addRow(id: string, like: number): number };
  readonly step: ReturnType<typeof createTrainStep>;
}

function create(): Trained {
  const model = createTwoTowerModel(schema, createRandom('rows', 1));
  const step = createTrainStep(model, createRandom('dropout', 1));
  return { parts: [...model.parts, ...step.parts], items: model.tables.get('items')!, step };
}

function snapshotsOf(parts: readonly Stateful[]): Record<string, Snapshot> {
  return Object.fromEntries(parts.map((part) => [part.name, part.snapshot()]));
}

/** Parts that are saved whole, and what changed in the others. */
function changesOf(parts: readonly Stateful[]): {
  readonly parts: Record<string, Snapshot>;
  readonly patches: Record<string, SnapshotPatch>;
} {
  const patches = parts.flatMap((part) => (part.patch ? [[part.name, part.patch()] as const] : []));
  return { parts: snapshotsOf(parts.filter((part) => !part.patch)), patches: Object.fromEntries(patches) };
}

/** Of every bit of every tensor. */
function digestOf(parts: readonly Stateful[]): string {
  const hash = createHash('sha256');
  for (const [part, { tensors }] of Object.entries(snapshotsOf(parts))) {
    for (const [name, { data }] of Object.entries(tensors).sort(([a], [b]) => (a < b ? -1 : 1))) {
      hash.update(`${part} ${name} ${data.length} `);
      hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    }
  }
  return hash.digest('hex');
}

async function run(folder: string): Promise<Result[]> {
  const store = createFilesystemModelStore({ folder });
  const writer = await store.lead('trainer');
  const trained = create();
  for (let n = 0; n < rows; n++) trained.items.addRow(`item-${n}`, 0);
  const nextBatch = createBatches();
  const results: Result[] = [];
  const idOf = (n: number): string => `${writer.epoch}-${n + 1}`;
  const draft = { parent: null, schemaHash: schema.hash, offsets: {}, metrics: {} };
  const digests: string[] = [];

  for (let n = 0; n <= deltas; n++) {
    if (n > 0) for (let s = 0; s < stepsPerDelta; s++) trained.step.run(nextBatch());
    const [manifest, measured] = await measure(() =>
      n === 0
        ? writer.save({ ...draft, id: idOf(n), parts: snapshotsOf(trained.parts) })
        : writer.save({ ...draft, id: idOf(n), base: idOf(n - 1), ...changesOf(trained.parts) }),
    );
    for (const part of trained.parts) part.saved?.();
    digests.push(digestOf(trained.parts));
    const fileMegabytes = manifest.files.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6;
    results.push({
      what: n === 0 ? 'save all' : `save what ${stepsPerDelta} steps changed`,
      fileMegabytes,
      ...measured,
    });
  }

  for (const [n, what] of [
    [0, 'load and restore all'],
    [deltas, `load and restore all and ${deltas} deltas`],
  ] as const) {
    const restored = create();
    const [, measured] = await measure(async () => {
      const { parts } = await store.load(idOf(n));
      for (const part of restored.parts) part.restore(parts[part.name]);
    });
    if (digestOf(restored.parts) !== digests[n]) throw new Error(`version ${idOf(n)} was not restored`);
    const fileMegabytes = results.slice(0, n + 1).reduce((sum, result) => sum + result.fileMegabytes, 0);
    results.push({ what, fileMegabytes, ...measured });
  }
  return results;
}

async function main(): Promise<void> {
  await loadBackend(['wasm']);
  const folder = mkdtempSync(join(tmpdir(), 'bench-checkpoint-'));
  try {
    const results = await run(folder);
    const page = [
      `A table of ${rows.toLocaleString('en')} rows of 64 and its accumulators, through the model store. Each delta follows ${stepsPerDelta} steps of`,
      `${batchSize.toLocaleString('en')} items by Zipf's law, with histories of 5. Memory is that of the process, beyond what it had before.`,
      '',
      markdownTable(
        ['what', 'files, MB', 'ms', 'longest block, ms', 'most memory more, MB'],
        results.map(({ what, fileMegabytes, ms, blockedMs, peakMegabytes }) => [
          what,
          ...[fileMegabytes, ms, blockedMs, peakMegabytes].map((value) => value.toFixed(0)),
        ]),
      ),
    ].join('\n');
    console.log(page);
    const machine = describeMachine();
    writeResult('reports/bench-checkpoint.json', `${JSON.stringify({ machine, rows, results }, null, 2)}\n`);
    if (!isQuick) writeSection('docs/benchmarks.md', 'checkpoint', `${machineLine(machine)}\n\n${page}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

void main();
