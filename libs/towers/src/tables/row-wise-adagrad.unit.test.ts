import { createRandom, type Random } from '@gatehouse/domain';

import { createEmbeddingTable, type EmbeddingTable } from './embedding-table';
import { createRowGradients, type RowGradients } from './row-gradients';
import { createRowWiseAdagrad, type RowOptimizer } from './row-wise-adagrad';
import { testTable } from '../test-schema.fixture';

const dimension = 3;
const rate = 0.2;
const spec = testTable({ dimension, learningRate: rate, initialScale: 0.1 });

interface Trained {
  readonly table: EmbeddingTable;
  readonly gradients: RowGradients;
  readonly adagrad: RowOptimizer;
}

function start(seed: number): Trained {
  const table = createEmbeddingTable('items', spec, 4, createRandom('rows', seed));
  return { table, gradients: createRowGradients(table), adagrad: createRowWiseAdagrad('items.adagrad', table, rate) };
}

/** Some rows with a gradient each. */
function drawStep(random: Random, rows: number): Map<number, number[]> {
  const count = 1 + random.below(4);
  const touched = Array.from({ length: count }, () => random.below(rows));
  return new Map(touched.map((row) => [row, Array.from({ length: dimension }, () => random.next() - 0.5)]));
}

function apply({ gradients, adagrad }: Trained, step: ReadonlyMap<number, readonly number[]>): void {
  for (const [row, gradient] of step) gradients.add(row, Float32Array.from(gradient), 0, 1);
  adagrad.apply(gradients);
  gradients.clear();
}

describe('row-wise Adagrad', () => {
  it('agrees with a step worked by hand', () => {
    // g = (3, 0, 4): mean of squares 25/3, G = 25/3, step .2 g / sqrt(25/3) = .04 sqrt(3) g. Again: G doubles, step / sqrt(2).
    const trained = start(1);
    trained.table.values.fill(0);
    const step = new Map([[2, [3, 0, 4]]]);
    apply(trained, step);
    const first = [...trained.table.values.subarray(6, 9)];
    [-0.12, 0, -0.16].forEach((value, d) => expect(first[d]).toBeCloseTo(value * Math.sqrt(3), 6));
    apply(trained, step);
    first.forEach((value, d) => expect(trained.table.values[6 + d]).toBeCloseTo(value * (1 + Math.SQRT1_2), 6));
  });

  it.each([1, 2, 3])('follows a plain reference while the table grows, and touches no other row, seed %i', (seed) => {
    const trained = start(seed);
    const random = createRandom('steps', seed);
    const plain = Array.from({ length: 4 }, (_, row) => [...trained.table.values.subarray(row * 3, row * 3 + 3)]);
    const accumulators: number[] = [];
    for (let s = 0; s < 150; s++) {
      const added = trained.table.addRow(`item ${s}`, 0);
      plain.push([...trained.table.values.subarray(added * 3, added * 3 + 3)]);
      const step = drawStep(random, trained.table.rows);
      const before = trained.table.values.slice();
      apply(trained, step);
      for (const [row, g] of step) {
        accumulators[row] = (accumulators[row] ?? 0) + g.reduce((sum, value) => sum + value * value, 0) / dimension;
        plain[row] = plain[row].map((value, d) => value - (rate * g[d]) / Math.sqrt(accumulators[row]));
      }
      const changed = new Set<number>();
      trained.table.values.forEach((value, i) => value !== before[i] && changed.add(Math.floor(i / dimension)));
      expect(changed).toEqual(new Set(step.keys()));
    }
    const differences = plain.flat().map((value, i) => Math.abs(value - trained.table.values[i]));
    expect(Math.max(...differences)).toBeLessThan(1e-5);
  });

  const continued = (perturb: number): number[] => {
    const before = start(5);
    const random = createRandom('steps', 5);
    for (let s = 0; s < 10; s++) apply(before, drawStep(random, 4));
    const [rows, slots] = [before.table, before.adagrad].map((part) => structuredClone(part.snapshot()));
    slots.tensors['accumulators'].data[1] += perturb;
    const after = start(6);
    after.table.restore(rows);
    after.adagrad.restore(slots);
    for (let s = 0; s < 10; s++) apply(after, drawStep(random, 4));
    return [...after.table.values.subarray(0, 12)];
  };

  it('continues from a snapshot as if it had never stopped', () => {
    const through = start(5);
    const random = createRandom('steps', 5);
    for (let s = 0; s < 20; s++) apply(through, drawStep(random, 4));
    expect(continued(0)).toEqual([...through.table.values.subarray(0, 12)]);
  });

  it('uses the restored accumulators', () => {
    expect(continued(1)).not.toEqual(continued(0));
  });

  it('saves an accumulator for each row, also for rows that no step has touched', () => {
    const { table, adagrad } = start(1);
    table.addRow('late', 0);
    expect(adagrad.snapshot().tensors['accumulators'].data).toEqual(new Float32Array(5));
  });

  it('refuses accumulators of another number of rows', () => {
    const { table, adagrad } = start(1);
    const saved = structuredClone(adagrad.snapshot());
    table.addRow('late', 0);
    expect(() => adagrad.restore(saved)).toThrow(
      /items\.adagrad: tensor accumulators: expected F32\[5\], found F32\[4\]/,
    );
  });
});
