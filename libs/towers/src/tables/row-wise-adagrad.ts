import { type Snapshot, tensorOf } from '@gatehouse/domain';

import type { EmbeddingTable } from './embedding-table';
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
  let accumulators: Float32Array = new Float32Array(table.rows); // [rows]

  return {
    name,
    apply: ({ count, rows, gradients }, rateScale = 1) => {
      if (accumulators.length < table.rows) {
        const larger = new Float32Array(Math.ceil(table.rows * 1.5));
        larger.set(accumulators);
        accumulators = larger;
      }
      const { values } = table;
      for (let i = 0; i < count; i++) {
        const from = i * dimension;
        let squares = 0;
        for (let d = 0; d < dimension; d++) squares += gradients[from + d] * gradients[from + d];
        const row = rows[i];
        accumulators[row] += squares / dimension;
        const rate = (rateScale * learningRate) / (Math.sqrt(accumulators[row]) + epsilon);
        const to = row * dimension;
        for (let d = 0; d < dimension; d++) values[to + d] -= rate * gradients[from + d];
      }
    },
    snapshot: (): Snapshot => {
      const data = new Float32Array(table.rows);
      data.set(accumulators.subarray(0, table.rows));
      return { tensors: { accumulators: { dtype: 'F32', shape: [table.rows], data } }, metadata: null };
    },
    restore: (snapshot) => {
      accumulators = tensorOf(name, snapshot, 'accumulators', 'F32', table.rows);
    },
  };
}
