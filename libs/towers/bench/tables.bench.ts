import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createRandom, type Snapshot, type SnapshotPatch, type StateTensor } from '@gatehouse/domain';
import type { TableSpec } from '@gatehouse/schema';
import { describeMachine, machineLine, markdownTable, writeResult, writeSection } from '@gatehouse/testing';

import { createEmbeddingTable, type EmbeddingTable } from '../src/tables/embedding-table';
import { createRowGradients, type RowGradients } from '../src/tables/row-gradients';
import { createRowOptimizer, type RowOptimizer } from '../src/tables/row-optimizer';

/*
 * Tables that grow to a million rows of 64: the longest that one new row or one step keeps the process, memory against raw bytes, the
 * cost of a step, a snapshot to a file and back, and a patch of the rows that those steps touched. Writes docs/benchmarks.md and reports/bench-tables.json. `-- --quick`: 100,000 rows,
 * and no page.
 */
const isQuick = process.argv.includes('--quick');
const rows = isQuick ? 100_000 : 1_000_000;
const dimension = 64;
const stepRows = 1024;
const steps = 200;

const spec = (optimizer: TableSpec['optimizer']): TableSpec => ({
  dimension,
  kind: 'keyed',
  rows: 0,
  optimizer,
  learningRate: 0.1,
  initialScale: 0.05,
  admitAfter: 1,
  expireAfterMs: null,
  capacity: null,
});
/** Numbers that an optimiser keeps beside a row. */
const slotNumbers = { sgd: 0, adagrad: 1, adam: 2 * dimension + 1 } as const;

interface Result {
  readonly optimizer: TableSpec['optimizer'];
  readonly longestAddMs: number;
  readonly longestStepMs: number;
  readonly medianStepMs: number;
  readonly megabytes: number;
  readonly rawMegabytes: number;
  readonly ratio: number;
  readonly patchMs: number;
  readonly patchMegabytes: number;
  readonly saveMs: number;
  readonly restoreMs: number;
  /** Memory beside the table while it was written, and beside the file's bytes while it was restored. */
  readonly saveExtraMegabytes: number;
  readonly restoreExtraMegabytes: number;
}

function buffersMegabytes(): number {
  globalThis.gc?.();
  const { arrayBuffers, heapUsed } = process.memoryUsage();
  return (arrayBuffers + heapUsed) / 1e6;
}

function timedMs(work: () => void): number {
  const began = performance.now();
  work();
  return performance.now() - began;
}

/** Waits until the buffers of what is no longer used are gone, which takes several rounds. */
async function settle(): Promise<void> {
  for (let round = 0; round < 5; round++) {
    globalThis.gc?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function measure(optimizer: TableSpec['optimizer']): Promise<Result> {
  await settle();
  const before = buffersMegabytes();
  const table = createEmbeddingTable('table.items', spec(optimizer), 1, createRandom('rows', 1));
  const rowOptimizer = createRowOptimizer(table, spec(optimizer));
  let [longestAddMs, idBytes] = [0, 0];
  for (let n = 0; n < rows; n++) {
    const id = `item-${n}`;
    idBytes += id.length;
    longestAddMs = Math.max(
      longestAddMs,
      timedMs(() => table.addRow(id, 0)),
    );
    if (n % (rows / 5) === rows / 5 - 1)
      console.log(`${optimizer}: ${n + 1} of ${rows} rows, longest ${longestAddMs.toFixed(1)} ms`);
  }
  const parts = [table, rowOptimizer];
  for (const part of parts) part.saved?.();
  const gradients = createRowGradients(table);
  const times = stepTimes(table, rowOptimizer, gradients);
  await settle();
  const megabytes = buffersMegabytes() - before;
  let patches: readonly SnapshotPatch[] = [];
  const patchMs = timedMs(() => (patches = parts.flatMap((part) => part.patch?.() ?? [])));
  // Rows, the optimiser's numbers beside them, and for each id its bytes and a 64-bit hash.
  const rawMegabytes = (rows * (dimension + slotNumbers[optimizer]) * 4 + idBytes + rows * 8) / 1e6;
  return {
    optimizer,
    longestAddMs,
    longestStepMs: times[times.length - 1],
    medianStepMs: times[times.length >> 1],
    megabytes,
    rawMegabytes,
    ratio: megabytes / rawMegabytes,
    patchMs,
    patchMegabytes: patches.reduce((sum, patch) => sum + bytesOf(patch), 0) / 1e6,
    ...saveAndRestore(table, optimizer),
  };
}

/** Gathers rows, as bags do, and updates them. */
function stepTimes(table: EmbeddingTable, optimizer: RowOptimizer, gradients: RowGradients): number[] {
  const random = createRandom('steps', 1);
  const pooled = new Float32Array(stepRows * dimension);
  const { slabs, shift, mask } = table.values;
  const times = Array.from({ length: steps }, () => {
    const touched = Int32Array.from({ length: stepRows }, () => random.below(rows));
    return timedMs(() => {
      touched.forEach((row, i) => {
        const [values, from] = [slabs[row >> shift], (row & mask) * dimension];
        for (let d = 0; d < dimension; d++) pooled[i * dimension + d] = values[from + d];
        gradients.add(row, pooled, i * dimension, 0.001);
      });
      optimizer.apply(gradients);
      gradients.clear();
    });
  });
  return times.sort((a, b) => a - b);
}

function bytesOf({ tensors, rows }: SnapshotPatch): number {
  const whole = Object.values(tensors).map(({ data }) => data.byteLength);
  const some = Object.values(rows).map(({ index, data }) => index.byteLength + data.data.byteLength);
  return [...whole, ...some].reduce((sum, bytes) => sum + bytes, 0);
}

type Files = Pick<Result, 'saveMs' | 'restoreMs' | 'saveExtraMegabytes' | 'restoreExtraMegabytes'>;

/** Streams the tensors to a file, one after the other, and restores another table from the file's bytes in place. */
function saveAndRestore(table: EmbeddingTable, kind: TableSpec['optimizer']): Files {
  const folder = mkdtempSync(join(tmpdir(), 'bench-tables-'));
  try {
    const file = join(folder, 'table.bin');
    const beforeSave = buffersMegabytes();
    const layout: {
      name: string;
      dtype: StateTensor['dtype'];
      shape: readonly number[];
      at: number;
      length: number;
    }[] = [];
    let saveExtraMegabytes = 0;
    const saveMs = timedMs(() => {
      const snapshot = table.snapshot();
      saveExtraMegabytes = buffersMegabytes() - beforeSave;
      const descriptor = openSync(file, 'w');
      let at = 0;
      for (const [name, { dtype, shape, data }] of Object.entries(snapshot.tensors)) {
        const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
        const padding = -at & 7;
        writeSync(descriptor, new Uint8Array(padding));
        writeSync(descriptor, bytes);
        layout.push({ name, dtype, shape, at: at + padding, length: data.length });
        at += padding + bytes.length;
      }
      closeSync(descriptor);
    });
    const arrays = { F64: Float64Array, F32: Float32Array, U32: Uint32Array, I32: Int32Array, U8: Uint8Array } as const;
    const beforeRestore = buffersMegabytes();
    let fileMegabytes = 0;
    const restored = createEmbeddingTable('table.items', spec(kind), 1, createRandom('rows', 2));
    const restoreMs = timedMs(() => {
      const bytes = readFileSync(file);
      fileMegabytes = bytes.length / 1e6;
      const tensors = Object.fromEntries(
        layout.map(({ name, dtype, shape, at, length }) => [
          name,
          { dtype, shape, data: new arrays[dtype](bytes.buffer, bytes.byteOffset + at, length) },
        ]),
      ) as Snapshot['tensors'];
      restored.restore({ tensors, metadata: null });
    });
    const restoreExtraMegabytes = buffersMegabytes() - beforeRestore - fileMegabytes;
    if (restored.rowOf(`item-${rows - 1}`) !== rows) throw new Error('the table was not restored');
    return { saveMs, restoreMs, saveExtraMegabytes, restoreExtraMegabytes };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function main(): Promise<void> {
  const results: Result[] = [];
  for (const optimizer of ['sgd', 'adagrad', 'adam'] as const) results.push(await measure(optimizer));
  const number = (value: number, digits = 1): string => value.toFixed(digits);
  const page = [
    `Tables of ${rows.toLocaleString('en')} rows of ${dimension}, grown row by row. Raw bytes: rows, the optimiser's numbers beside them, and`,
    `for each id its bytes and a 64-bit hash. A step gathers and updates 1,024 random rows; the patch holds what ${steps} of them changed.`,
    'Saving and restoring go through one file, whose bytes the restored table uses in place.',
    '',
    markdownTable(
      [
        'optimiser',
        'longest new row, ms',
        'step, ms',
        'longest step, ms',
        'MB',
        'of raw bytes',
        'patch, ms',
        'patch, MB',
        'save, ms',
        'restore, ms',
        'MB more, saving',
        'MB more, restoring',
      ],
      results.map((r) => [
        r.optimizer,
        number(r.longestAddMs),
        number(r.medianStepMs, 2),
        number(r.longestStepMs),
        number(r.megabytes, 0),
        number(r.ratio, 2),
        number(r.patchMs, 0),
        number(r.patchMegabytes, 0),
        number(r.saveMs, 0),
        number(r.restoreMs, 0),
        number(r.saveExtraMegabytes),
        number(r.restoreExtraMegabytes),
      ]),
    ),
  ].join('\n');
  console.log(`\n${page}`);
  const machine = describeMachine();
  writeResult('reports/bench-tables.json', `${JSON.stringify({ machine, rows, dimension, results }, null, 2)}\n`);
  if (!isQuick) writeSection('docs/benchmarks.md', 'tables', `${machineLine(machine)}\n\n${page}`);
}

void main();
