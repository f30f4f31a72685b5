import type { Snapshot } from '@gatehouse/domain';

import type { EmbeddingTable } from './embedding-table';
import { restoreColumn } from './restore-column';
import type { RowOptimizer } from './row-optimizer';

/** Keeps the first step of a row finite; far below any accumulator after one real gradient. */
const epsilon = 1e-10;

/**
 * Row-wise Adagrad: one accumulator a row instead of one a weight.
 *
 * For each touched row r with gradient g: `G_r <- G_r + mean(g^2)`, `row_r <- row_r - learningRate * g / (sqrt(G_r) + 1e-10)`.
 * Source: Duchi et al. 2011, Figure 1, with the diagonal shared by a row (as in DLRM, Naumov et al. 2019).
 *
 * @example
 * const adagrad = createRowWiseAdagrad('table.items.adagrad', items, 0.3);
 * adagrad.apply(gradients);
 */
export function createRowWiseAdagrad(name: string, table: EmbeddingTable, learningRate: number): RowOptimizer {
  const { dimension } = table;
  const accumulators = table.column('F32', 1); // [rows]

  return {
    name,
    apply: ({ count, rows, gradients }, rateScale = 1) => {
      const { slabs, shift, mask } = table.values;
      for (let i = 0; i < count; i++) {
        const from = i * dimension;
        let squares = 0;
        for (let d = 0; d < dimension; d++) squares += gradients[from + d] * gradients[from + d];
        const row = rows[i];
        const slots = accumulators.slabs[row >> accumulators.shift];
        const slot = row & accumulators.mask;
        slots[slot] += squares / dimension;
        const rate = (rateScale * learningRate) / (Math.sqrt(slots[slot]) + epsilon);
        const values = slabs[row >> shift];
        const to = (row & mask) * dimension;
        for (let d = 0; d < dimension; d++) values[to + d] -= rate * gradients[from + d];
      }
      for (const written of [table.values, accumulators]) written.markAll(rows);
    },
    snapshot: (): Snapshot => ({ tensors: accumulators.tensors('accumulators', table.rows), metadata: null }),
    restore: (snapshot) => restoreColumn(name, snapshot, 'accumulators', accumulators, table),
    patch: () => ({ ...accumulators.changes('accumulators', table.rows), metadata: null }),
    saved: () => accumulators.saved(table.rows),
  };
}
