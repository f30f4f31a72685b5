import { type Snapshot, tensorOf } from '@gatehouse/domain';

import type { EmbeddingTable } from './embedding-table';
import type { RowOptimizer } from './row-optimizer';

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
  let means: Float32Array = new Float32Array(table.rows * dimension); // [rows, dimension]
  let variances: Float32Array = new Float32Array(table.rows * dimension);
  let touches: Uint32Array = new Uint32Array(table.rows); // [rows]

  const makeRoom = (): void => {
    if (touches.length >= table.rows) return;
    const rows = Math.ceil(table.rows * 1.5);
    const [moreMeans, moreVariances] = [new Float32Array(rows * dimension), new Float32Array(rows * dimension)];
    const moreTouches = new Uint32Array(rows);
    moreMeans.set(means);
    moreVariances.set(variances);
    moreTouches.set(touches);
    [means, variances, touches] = [moreMeans, moreVariances, moreTouches];
  };

  return {
    name,
    apply: ({ count, rows, gradients }, rateScale = 1) => {
      makeRoom();
      const { values } = table;
      for (let i = 0; i < count; i++) {
        const t = ++touches[rows[i]];
        const correction = Math.sqrt(1 - beta2 ** t);
        const rate = (rateScale * learningRate * correction) / (1 - beta1 ** t);
        const scaledEpsilon = epsilon * correction;
        const [from, to] = [i * dimension, rows[i] * dimension];
        for (let d = 0; d < dimension; d++) {
          const g = gradients[from + d];
          means[to + d] = beta1 * means[to + d] + (1 - beta1) * g;
          variances[to + d] = beta2 * variances[to + d] + (1 - beta2) * g * g;
          values[to + d] -= (rate * means[to + d]) / (Math.sqrt(variances[to + d]) + scaledEpsilon);
        }
      }
    },
    snapshot: (): Snapshot => {
      makeRoom();
      const shape = [table.rows, dimension];
      const size = table.rows * dimension;
      return {
        tensors: {
          means: { dtype: 'F32', shape, data: means.subarray(0, size) },
          variances: { dtype: 'F32', shape, data: variances.subarray(0, size) },
          touches: { dtype: 'U32', shape: [table.rows], data: touches.subarray(0, table.rows) },
        },
        metadata: null,
      };
    },
    restore: (snapshot) => {
      const size = table.rows * dimension;
      means = tensorOf(name, snapshot, 'means', 'F32', size);
      variances = tensorOf(name, snapshot, 'variances', 'F32', size);
      touches = tensorOf(name, snapshot, 'touches', 'U32', table.rows);
    },
  };
}
