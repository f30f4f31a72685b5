import { createRandom, type Random } from '@gatehouse/domain';
import type { TableSpec } from '@gatehouse/schema';

import { allRows, fillRows, rowOf } from '../table-rows.fixture';
import { testTable } from '../test-schema.fixture';
import { createEmbeddingTable, type EmbeddingTable } from './embedding-table';
import { createRowGradients, type RowGradients } from './row-gradients';
import { createRowOptimizer, type RowOptimizer } from './row-optimizer';

const dimension = 3;
const rate = 0.2;

/** One row trained by a sequence of gradients, in 64-bit numbers. */
type Reference = (row: readonly number[], gradients: readonly (readonly number[])[]) => number[];

interface UnderTest {
  readonly optimizer: TableSpec['optimizer'];
  readonly reference: Reference;
  /** A row at 0 after one and after two steps along (3, 0, 4), worked by hand. */
  readonly worked: readonly [first: readonly number[], second: readonly number[]];
  /** A slot whose change must show; undefined for an optimiser without state. */
  readonly slot?: string;
}

const UNDER_TEST: readonly UnderTest[] = [
  {
    optimizer: 'sgd',
    reference: (row, gradients) =>
      gradients.reduce<number[]>((w, g) => w.map((value, d) => value - rate * g[d]), [...row]),
    worked: [
      [-0.6, 0, -0.8],
      [-1.2, 0, -1.6],
    ],
  },
  {
    // Mean of squares 25/3, so G = 25/3 and the step is .2 g / sqrt(25/3) = .04 sqrt(3) g. Again: G doubles, step / sqrt(2).
    optimizer: 'adagrad',
    reference: (row, gradients) => {
      let squares = 0;
      return gradients.reduce<number[]>(
        (w, g) => {
          squares += g.reduce((sum, value) => sum + value * value, 0) / dimension;
          return w.map((value, d) => value - (rate * g[d]) / Math.sqrt(squares));
        },
        [...row],
      );
    },
    worked: [
      [-0.12 * Math.sqrt(3), 0, -0.16 * Math.sqrt(3)],
      [-0.12 * Math.sqrt(3) * (1 + Math.SQRT1_2), 0, -0.16 * Math.sqrt(3) * (1 + Math.SQRT1_2)],
    ],
    slot: 'accumulators',
  },
  {
    // Equal gradients have corrected moments g and g^2 at every touch, so each step is the rate, against the sign.
    optimizer: 'adam',
    reference: (row, gradients) => {
      const [m, v] = [row.map(() => 0), row.map(() => 0)];
      return gradients.reduce<number[]>(
        (w, g, step) =>
          w.map((value, d) => {
            m[d] = 0.9 * m[d] + 0.1 * g[d];
            v[d] = 0.999 * v[d] + 0.001 * g[d] * g[d];
            const t = step + 1;
            return value - (rate * (m[d] / (1 - 0.9 ** t))) / (Math.sqrt(v[d] / (1 - 0.999 ** t)) + 1e-8);
          }),
        [...row],
      );
    },
    worked: [
      [-0.2, 0, -0.2],
      [-0.4, 0, -0.4],
    ],
    slot: 'means',
  },
];

interface Trained {
  readonly table: EmbeddingTable;
  readonly gradients: RowGradients;
  readonly optimizer: RowOptimizer;
}

/** Some rows with a gradient each. */
function drawStep(random: Random, rows: number): Map<number, number[]> {
  const touched = Array.from({ length: 1 + random.below(4) }, () => random.below(rows));
  return new Map(touched.map((row) => [row, Array.from({ length: dimension }, () => random.next() - 0.5)]));
}

function apply(
  { gradients, optimizer }: Trained,
  step: ReadonlyMap<number, readonly number[]>,
  rateScale?: number,
): void {
  for (const [row, gradient] of step) gradients.add(row, Float32Array.from(gradient), 0, 1);
  optimizer.apply(gradients, rateScale);
  gradients.clear();
}

describe.each(UNDER_TEST)('row optimiser $optimizer', ({ optimizer: kind, reference, worked, slot }) => {
  const spec = testTable({ dimension, optimizer: kind, learningRate: rate, initialScale: 0.1 });
  const start = (seed: number): Trained => {
    const table = createEmbeddingTable('table.items', spec, 4, createRandom('rows', seed));
    return { table, gradients: createRowGradients(table), optimizer: createRowOptimizer(table, spec) };
  };

  it('agrees with steps worked by hand', () => {
    const trained = start(1);
    fillRows(trained.table, 0);
    for (const expected of worked) {
      apply(trained, new Map([[2, [3, 0, 4]]]));
      expected.forEach((value, d) => expect(rowOf(trained.table, 2)[d]).toBeCloseTo(value, 5));
    }
  });

  it.each([1, 2, 3])('follows a plain reference while the table grows, and touches no other row (seed %i)', (seed) => {
    const trained = start(seed);
    const { table } = trained;
    const random = createRandom('steps', seed);
    const first = Array.from({ length: 4 }, (_, row) => rowOf(table, row));
    const history: number[][][] = [];
    for (let s = 0; s < 150; s++) {
      first.push(rowOf(table, table.addRow(`item ${s}`, 0)));
      const step = drawStep(random, table.rows);
      const before = allRows(table);
      apply(trained, step);
      for (const [row, g] of step) (history[row] ??= []).push(g);
      const changed = new Set<number>();
      allRows(table).forEach((value, i) => value !== before[i] && changed.add(Math.floor(i / dimension)));
      expect(changed).toEqual(new Set(step.keys()));
    }
    first.forEach((row, r) => {
      const expected = reference(row, history[r] ?? []);
      expected.forEach((value, d) => expect(rowOf(table, r)[d]).toBeCloseTo(value, 4));
    });
  });

  it('moves by a share of its rate', () => {
    const [whole, half] = [start(2), start(2)];
    for (const { table } of [whole, half]) fillRows(table, 0);
    apply(whole, new Map([[1, [3, 0, 4]]]));
    apply(half, new Map([[1, [3, 0, 4]]]), 0.5);
    rowOf(whole.table, 1).forEach((value, d) => expect(rowOf(half.table, 1)[d]).toBeCloseTo(value / 2, 6));
  });

  const continued = (perturb: number): number[] => {
    const before = start(5);
    const random = createRandom('steps', 5);
    for (let s = 0; s < 10; s++) apply(before, drawStep(random, 4));
    const [rows, slots] = [before.table, before.optimizer].map((part) => structuredClone(part.snapshot()));
    if (slot !== undefined) slots.tensors[slot].data[1] += perturb;
    const after = start(6);
    after.table.restore(rows);
    after.optimizer.restore(slots);
    for (let s = 0; s < 10; s++) apply(after, drawStep(random, 4));
    return allRows(after.table).slice(0, 12);
  };

  it('continues from a snapshot as if it had never stopped', () => {
    const through = start(5);
    const random = createRandom('steps', 5);
    for (let s = 0; s < 20; s++) apply(through, drawStep(random, 4));
    expect(continued(0)).toEqual(allRows(through.table).slice(0, 12));
  });

  if (slot !== undefined) {
    it('uses the restored slots', () => {
      expect(continued(1)).not.toEqual(continued(0));
    });

    it('saves slots for each row, also for rows that no step has touched', () => {
      const { table, optimizer } = start(1);
      table.addRow('late', 0);
      const { shape, data } = optimizer.snapshot().tensors[slot];
      expect(shape[0]).toBe(5);
      expect(data.every((value) => value === 0)).toBe(true);
    });

    it('refuses slots of another number of rows', () => {
      const { table, optimizer } = start(1);
      const saved = structuredClone(optimizer.snapshot());
      table.addRow('late', 0);
      expect(() => optimizer.restore(saved)).toThrow(new RegExp(`table.items.${kind}: tensor ${slot}: expected`));
    });
  }
});
