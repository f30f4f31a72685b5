import {
  applyPatch,
  createRandom,
  type Random,
  type Snapshot,
  type SnapshotPatch,
  type Stateful,
} from '@gatehouse/domain';
import type { TableSpec } from '@gatehouse/schema';

import { testTable } from '../test-schema.fixture';
import { createEmbeddingTable, type EmbeddingTable } from './embedding-table';
import { createRowGradients, type RowGradients } from './row-gradients';
import { createRowOptimizer } from './row-optimizer';
import { snapshotDigest } from './snapshot-digest.fixture';

const UNDER_TEST: readonly { readonly name: string; readonly spec: Partial<TableSpec> }[] = [
  { name: 'a growing table, sgd', spec: { optimizer: 'sgd' } },
  { name: 'a growing table, adagrad', spec: { optimizer: 'adagrad' } },
  { name: 'a growing table, adam', spec: { optimizer: 'adam' } },
  { name: 'a fixed table, adagrad', spec: { kind: 'fixed', rows: 100 } },
  { name: 'admission', spec: { admitAfter: 2 } },
  { name: 'eviction', spec: { capacity: 60 } },
  { name: 'expiry', spec: { expireAfterMs: 6_000 } },
  { name: 'all limits, adam', spec: { optimizer: 'adam', admitAfter: 2, capacity: 60, expireAfterMs: 6_000 } },
];

interface Trained {
  readonly table: EmbeddingTable;
  readonly gradients: RowGradients;
  readonly optimizer: ReturnType<typeof createRowOptimizer>;
  /** A table before its optimiser, as they are restored. */
  readonly parts: readonly Stateful[];
}

function start(changes: Partial<TableSpec>, seed: number): Trained {
  const spec = testTable(changes);
  const table = createEmbeddingTable('table.items', spec, 2, createRandom('rows', seed));
  const optimizer = createRowOptimizer(table, spec);
  return { table, optimizer, gradients: createRowGradients(table), parts: [table, optimizer] };
}

/** Some steps: ids come and are used, rows learn. Ids of long ago become rare. */
function work(
  { table, gradients, optimizer }: Trained,
  kind: TableSpec['kind'],
  random: Random,
  from: number,
  to: number,
): void {
  for (let step = from; step < to; step++) {
    table.beginStep(step * 500);
    for (let n = 0; n < 6; n++) {
      const id = `${'x'.repeat(random.below(20))}${step + random.below(40)}`;
      const row = kind === 'fixed' ? table.fixedRow(random.below(1000)) : table.addRow(id, random.below(2));
      if (row >= 0 && random.next() < 0.7) gradients.add(row, Float32Array.of(random.next(), -1, 1), 0, 1);
    }
    optimizer.apply(gradients);
    gradients.clear();
  }
}

function save(parts: readonly Stateful[]): Snapshot[] {
  return structuredClone(parts.map((part) => part.snapshot()));
}

/** What the parts tell of their changes, as it would be read from a file; a part that tells nothing is saved whole. */
function patched(parts: readonly Stateful[], base: readonly Snapshot[]): Snapshot[] {
  return parts.map((part, i) => {
    const patch = part.patch?.();
    return patch ? applyPatch(base[i], structuredClone(patch)) : structuredClone(part.snapshot());
  });
}

describe.each(UNDER_TEST)('patches of $name', ({ spec }) => {
  const { kind = 'keyed' } = spec;

  it.each([1, 2, 3])('make the later snapshot of the earlier one, again and again (seed %i)', (seed) => {
    const trained = start(spec, seed);
    const random = createRandom('work', seed);
    let [base, step] = [save(trained.parts), 0];
    for (let round = 0; round < 12; round++) {
      const steps = random.below(round === 6 ? 60 : 8); // none at all, at times
      work(trained, kind, random, step, (step += steps));
      const next = patched(trained.parts, base);
      expect(next.map(snapshotDigest)).toEqual(trained.parts.map((part) => snapshotDigest(part.snapshot())));
      if (random.next() < 0.3) continue; // it could not be written: the next one starts where this one did
      base = next;
      for (const part of trained.parts) part.saved?.();
    }
  });

  it('start anew from what was restored', () => {
    const trained = start(spec, 1);
    const random = createRandom('work', 1);
    work(trained, kind, random, 0, 40);
    const base = save(trained.parts);
    const restored = start(spec, 2);
    work(restored, kind, createRandom('work', 2), 0, 70);
    restored.parts.forEach((part, i) => part.restore(structuredClone(base[i])));
    expect(patched(restored.parts, base).map(snapshotDigest)).toEqual(base.map(snapshotDigest));
    work(restored, kind, random, 40, 45);
    expect(patched(restored.parts, base).map(snapshotDigest)).toEqual(save(restored.parts).map(snapshotDigest));
  });
});

describe('a patch', () => {
  const namesOf = (part: Stateful): string[] => {
    const { tensors, rows } = part.patch!();
    return [...Object.keys(tensors), ...Object.keys(rows)];
  };

  it('names no rows of what was just made, saved or restored', () => {
    const trained = start({ optimizer: 'adam' }, 1);
    expect(trained.parts.map(namesOf)).toEqual([['stats'], []]);
    work(trained, 'keyed', createRandom('work', 1), 0, 9);
    expect(trained.parts.flatMap(namesOf)).toEqual(expect.arrayContaining(['values', 'slots', 'means', 'touches']));
    const saved = save(trained.parts);
    trained.parts.forEach((part, i) => part.restore(saved[i]));
    expect(trained.parts.map(namesOf)).toEqual([['stats'], []]);
    work(trained, 'keyed', createRandom('work', 1), 0, 9);
    for (const part of trained.parts) part.saved?.();
    expect(trained.parts.map(namesOf)).toEqual([['stats'], []]);
  });

  const bytesOf = ({ tensors, rows }: SnapshotPatch): number =>
    [...Object.values(tensors), ...Object.values(rows).flatMap(({ index, data }) => [{ data: index }, data])].reduce(
      (sum, { data }) => sum + data.byteLength,
      0,
    );

  it('costs what changed, and not what there is', () => {
    const { table, optimizer, gradients, parts } = start({ optimizer: 'adam', capacity: 10_000, admitAfter: 2 }, 1);
    for (let n = 0; n < 4000; n++) [0, 0].forEach(() => table.addRow(`item ${n}`, 0));
    for (const part of parts) part.saved?.();
    expect(parts.map((part) => Object.keys(part.patch!().rows))).toEqual([[], []]);
    table.beginStep(1000);
    const rows = Array.from({ length: 5 }, (_, n) => table.addRow(`item ${800 * n}`, 0));
    for (const row of rows) gradients.add(row, Float32Array.of(1, 2, 3), 0, 1);
    optimizer.apply(gradients);
    // Five rows: of 3 numbers and of one stamp, and their five names each; stats and clock are 64 bytes.
    expect(bytesOf(table.patch!())).toBe(5 * (12 + 4) + 5 * (4 + 4) + 8 + 64);
    // Two slots of 3 numbers and a count.
    expect(bytesOf(optimizer.patch!())).toBe(5 * (2 * (12 + 4) + 4 + 4));
  });
});
