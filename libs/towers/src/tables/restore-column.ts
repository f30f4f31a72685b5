import type { Snapshot } from '@gatehouse/domain';

import type { EmbeddingTable } from './embedding-table';
import type { Slabs } from './slabs';

/**
 * Restores a column of a table, which was restored before it.
 *
 * @throws RangeError when it has another number of rows than the table.
 */
export function restoreColumn(
  part: string,
  snapshot: Snapshot,
  tensor: string,
  column: Slabs | Slabs<'U32'>,
  table: EmbeddingTable,
): void {
  const found = column.restore(part, snapshot, tensor);
  if (found === table.rows) return;
  throw new RangeError(`${part}: tensor ${tensor}: expected ${table.rows} rows, found ${found}`);
}
