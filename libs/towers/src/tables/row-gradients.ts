import type { EmbeddingTable } from './embedding-table';

/** Gradients of the rows that one step touches, each row once, in order of first touch. */
export interface RowGradients {
  /** How many rows were touched. */
  readonly count: number;
  /** Touched rows, `[count]`. */
  readonly rows: Int32Array;
  /** Their gradients, `[count, dimension]`. */
  readonly gradients: Float32Array;
  /** Adds `scale * from[at .. at + dimension]` to the gradient of a row. */
  add(row: number, from: Float32Array, at: number, scale: number): void;
  /** Forgets everything, at a cost proportional to what was touched. */
  clear(): void;
}

/** Creates an accumulator for one table. */
export function createRowGradients(table: EmbeddingTable): RowGradients {
  const { dimension } = table;
  let count = 0;
  let rows = new Int32Array(256);
  let gradients = new Float32Array(256 * dimension);
  let placeOf = new Int32Array(table.rows); // row -> place in `rows` plus 1, 0 = untouched

  const placeFor = (row: number): number => {
    if (row >= placeOf.length) {
      const larger = new Int32Array(Math.max(table.rows, row + 1) * 2);
      larger.set(placeOf);
      placeOf = larger;
    }
    if (placeOf[row] === 0) {
      if (count === rows.length) {
        const [moreRows, moreGradients] = [new Int32Array(2 * count), new Float32Array(2 * count * dimension)];
        moreRows.set(rows);
        moreGradients.set(gradients);
        [rows, gradients] = [moreRows, moreGradients];
      }
      rows[count] = row;
      gradients.fill(0, count * dimension, (count + 1) * dimension);
      placeOf[row] = ++count;
    }
    return placeOf[row] - 1;
  };

  return {
    get count() {
      return count;
    },
    get rows() {
      return rows.subarray(0, count);
    },
    get gradients() {
      return gradients.subarray(0, count * dimension);
    },
    add: (row, from, at, scale) => {
      const to = placeFor(row) * dimension;
      for (let d = 0; d < dimension; d++) gradients[to + d] += scale * from[at + d];
    },
    clear: () => {
      for (let i = 0; i < count; i++) placeOf[rows[i]] = 0;
      count = 0;
    },
  };
}
