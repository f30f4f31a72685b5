import type { Stateful } from '@gatehouse/domain';
import type { TableSpec } from '@gatehouse/schema';

import type { EmbeddingTable } from './embedding-table';
import { createLazyAdam } from './lazy-adam';
import type { RowGradients } from './row-gradients';
import { createRowWiseAdagrad } from './row-wise-adagrad';
import { createSgd } from './sgd';

/** An optimiser of table rows; its state is part of the checkpoint. */
export interface RowOptimizer extends Stateful {
  /**
   * Updates the touched rows of the table in place.
   * @param rateScale factor of the learning rate for this step. @default 1
   */
  apply(gradients: RowGradients, rateScale?: number): void;
}

/** Creates the optimiser that a table's spec names. */
export function createRowOptimizer(
  table: EmbeddingTable,
  { optimizer, learningRate }: Pick<TableSpec, 'optimizer' | 'learningRate'>,
): RowOptimizer {
  const name = `${table.name}.${optimizer}`;
  switch (optimizer) {
    case 'adagrad':
      return createRowWiseAdagrad(name, table, learningRate);
    case 'adam':
      return createLazyAdam(name, table, learningRate);
    case 'sgd':
      return createSgd(name, table, learningRate);
  }
}
