import type { Snapshot } from '@gatehouse/domain';

import type { EmbeddingTable } from './embedding-table';
import { restoreColumn } from './restore-column';
import type { RowOptimizer } from './row-optimizer';
import { mergeChanges } from './tensor-changes';

const beta1 = 0.9;
const beta2 = 0.999;
const epsilon = 1e-8;

/**
 * Lazy Adam: the moments of a row move only in the steps that touch it, and its bias correction counts those steps.
 *
 * For each touched row at its t-th touch, with gradient g: `m <- b1 m + (1-b1) g`, `v <- b2 v + (1-b2) g^2`,
 * `row <- row - learningRate * (m / (1-b1^t)) / (sqrt(v / (1-b2^t)) + 1e-8)`. So a row that is touched in every step is trained by
 * Adam, and one that is not costs nothing; a decay of its moments meanwhile, as Adam has it, would cost a pass over the table.
 * Source: Kingma and Ba 2015, Algorithm 1, on each row by itself.
 *
 * @example createLazyAdam('table.items.adam', items, 0.001).apply(gradients);
 */
export function createLazyAdam(name: string, table: EmbeddingTable, learningRate: number): RowOptimizer {
  const { dimension } = table;
  const means = table.column('F32', dimension); // [rows, dimension]
  const variances = table.column('F32', dimension);
  const touches = table.column('U32', 1); // [rows]

  return {
    name,
    apply: ({ count, rows, gradients }, rateScale = 1) => {
      const { slabs, shift, mask } = table.values; // means and variances lie as the values do
      for (let i = 0; i < count; i++) {
        const row = rows[i];
        const t = ++touches.slabs[row >> touches.shift][row & touches.mask];
        const correction = Math.sqrt(1 - beta2 ** t);
        const rate = (rateScale * learningRate * correction) / (1 - beta1 ** t);
        const scaledEpsilon = epsilon * correction;
        const slab = row >> shift;
        const [values, m, v] = [slabs[slab], means.slabs[slab], variances.slabs[slab]];
        const from = i * dimension;
        const to = (row & mask) * dimension;
        for (let d = 0; d < dimension; d++) {
          const g = gradients[from + d];
          m[to + d] = beta1 * m[to + d] + (1 - beta1) * g;
          v[to + d] = beta2 * v[to + d] + (1 - beta2) * g * g;
          values[to + d] -= (rate * m[to + d]) / (Math.sqrt(v[to + d]) + scaledEpsilon);
        }
      }
      for (const written of [table.values, means, variances, touches]) written.markAll(rows);
    },
    snapshot: (): Snapshot => ({
      tensors: {
        ...means.tensors('means', table.rows),
        ...variances.tensors('variances', table.rows),
        ...touches.tensors('touches', table.rows),
      },
      metadata: null,
    }),
    restore: (snapshot) => {
      restoreColumn(name, snapshot, 'means', means, table);
      restoreColumn(name, snapshot, 'variances', variances, table);
      restoreColumn(name, snapshot, 'touches', touches, table);
    },
    patch: () => ({
      ...mergeChanges([
        means.changes('means', table.rows),
        variances.changes('variances', table.rows),
        touches.changes('touches', table.rows),
      ]),
      metadata: null,
    }),
    saved: () => {
      for (const column of [means, variances, touches]) column.saved(table.rows);
    },
  };
}
