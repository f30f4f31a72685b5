import type { EmbeddingTable } from './tables/embedding-table';

/** One row of a table, `[dimension]`. */
export function rowOf({ values, dimension }: EmbeddingTable, row: number): number[] {
  const at = values.offsetOf(row);
  return [...values.slabOf(row).subarray(at, at + dimension)];
}

/** All rows one after the other, `[rows * dimension]`. */
export function allRows(table: EmbeddingTable): number[] {
  return Array.from({ length: table.rows }, (_, row) => rowOf(table, row)).flat();
}

/** Sets every number of every row. */
export function fillRows({ values }: EmbeddingTable, value: number): void {
  for (const slab of values.slabs) slab.fill(value);
}
