import type { EmbeddingTable } from './embedding-table';
import type { RowOptimizer } from './row-optimizer';

/**
 * Plain gradient descent on the touched rows: `row <- row - learningRate * g`. No state.
 *
 * @example createSgd('table.items.sgd', items, 0.1).apply(gradients);
 */
export function createSgd(name: string, table: EmbeddingTable, learningRate: number): RowOptimizer {
  const { dimension } = table;
  return {
    name,
    apply: ({ count, rows, gradients }, rateScale = 1) => {
      const { slabs, shift, mask } = table.values;
      const rate = rateScale * learningRate;
      for (let i = 0; i < count; i++) {
        const values = slabs[rows[i] >> shift];
        const from = i * dimension;
        const to = (rows[i] & mask) * dimension;
        for (let d = 0; d < dimension; d++) values[to + d] -= rate * gradients[from + d];
      }
      table.values.markAll(rows);
    },
    snapshot: () => ({ tensors: {}, metadata: null }),
    restore: () => undefined,
  };
}
