import { type Random, type Snapshot, type Stateful, tensorOf } from '@gatehouse/domain';
import type { TableSpec } from '@gatehouse/schema';

import { createIdMap, type IdMap } from './id-map';

/**
 * Embedding rows in one typed array, `[rows, dimension]`, outside of TensorFlow.js: a step then costs as much as the rows that it
 * touches, however large the table is.
 *
 * The first `fallbackRows` rows belong to the features that read the table, one each: they stand for unknown and missing values.
 */
export interface EmbeddingTable extends Stateful {
  readonly dimension: number;
  /** Rows in use, fallback rows included. */
  readonly rows: number;
  readonly fallbackRows: number;
  /** The rows, `[at least rows, dimension]`. Replaced when the table grows, so read it anew after `addRow`. */
  readonly values: Float32Array;
  /** Row of an id or category of a keyed table, or -1. */
  rowOf(id: string): number;
  /** Row of an id, which is added as a copy of row `like` plus noise when it is new. */
  addRow(id: string, like: number): number;
  /** Row of a hash or bucket of a fixed table. */
  fixedRow(index: number): number;
}

/** Creates a table with its fallback rows and, when it is fixed, all its rows. */
export function createEmbeddingTable(
  name: string,
  spec: TableSpec,
  fallbackRows: number,
  random: Random,
): EmbeddingTable {
  const { dimension, initialScale } = spec;
  const ids: IdMap | undefined = spec.kind === 'keyed' ? createIdMap(name) : undefined;
  let rows = fallbackRows + (ids ? 0 : spec.rows);
  let values: Float32Array = new Float32Array(Math.max(rows, 64) * dimension);
  for (let i = 0; i < rows * dimension; i++) values[i] = noise();

  function noise(): number {
    return (2 * random.next() - 1) * initialScale;
  }

  function keyed(): IdMap {
    if (!ids) throw new TypeError(`${name}: expected a keyed table, found a fixed one`);
    return ids;
  }

  return {
    name,
    dimension,
    fallbackRows,
    get rows() {
      return rows;
    },
    get values() {
      return values;
    },
    rowOf: (id) => {
      const index = keyed().indexOf(id);
      return index < 0 ? -1 : index + fallbackRows;
    },
    addRow: (id, like) => {
      const row = keyed().add(id) + fallbackRows;
      if (row < rows) return row;
      if (rows * dimension === values.length) {
        const larger = new Float32Array(Math.ceil(rows * 1.5) * dimension);
        larger.set(values);
        values = larger;
      }
      for (let d = 0; d < dimension; d++) values[row * dimension + d] = values[like * dimension + d] + noise();
      rows++;
      return row;
    },
    fixedRow: (index) => fallbackRows + (index % spec.rows),
    snapshot: (): Snapshot => ({
      tensors: {
        values: { dtype: 'F32', shape: [rows, dimension], data: values.subarray(0, rows * dimension) },
        ...ids?.snapshot().tensors,
      },
      metadata: { fallbackRows },
    }),
    restore: (snapshot) => {
      const saved = tensorOf(name, snapshot, 'values', 'F32');
      ids?.restore(snapshot);
      const expected = fallbackRows + (ids ? ids.size : spec.rows);
      if (saved.length !== expected * dimension) {
        throw new RangeError(`${name}: expected ${expected} rows of ${dimension}, found ${saved.length} values`);
      }
      values = saved;
      rows = expected;
    },
  };
}
