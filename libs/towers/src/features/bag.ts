import type { EmbeddingTable } from '../tables/embedding-table';
import type { RowGradients } from '../tables/row-gradients';

/** Rows of one feature for a batch of inputs: input i has the rows `rows[offsets[i] .. offsets[i + 1]]`, at least one. */
export interface Bag {
  /** `[total rows]` */
  readonly rows: Int32Array;
  /** `[batch + 1]` */
  readonly offsets: Int32Array;
}

/** Collects the rows of a bag. */
export interface BagBuilder {
  readonly push: (row: number) => void;
  /** Ends one input; an input without rows gets `fallbackRow`. */
  endInput(fallbackRow: number): void;
  build(): Bag;
}

/** Starts a bag for `batch` inputs. */
export function createBagBuilder(batch: number): BagBuilder {
  const offsets = new Int32Array(batch + 1);
  let rows = new Int32Array(batch * 4 + 16);
  let [count, inputs] = [0, 0];
  const push = (row: number): void => {
    if (count === rows.length) {
      const larger = new Int32Array(rows.length * 2);
      larger.set(rows);
      rows = larger;
    }
    rows[count++] = row;
  };
  return {
    push,
    endInput: (fallbackRow) => {
      if (count === offsets[inputs]) push(fallbackRow);
      offsets[++inputs] = count;
    },
    build: () => ({ rows: rows.subarray(0, count), offsets }),
  };
}

/**
 * Adds the mean of each input's rows to the columns `[at, at + dimension)` of `out`.
 *
 * `out[i, at + d] += (1/n_i) sum over r in bag_i of table[r, d]`; `out` is `[batch, width]`.
 */
export function addMeans(
  { rows, offsets }: Bag,
  table: EmbeddingTable,
  out: Float32Array,
  width: number,
  at: number,
): void {
  const { dimension, values } = table;
  for (let i = 0; i + 1 < offsets.length; i++) {
    const to = i * width + at;
    const share = 1 / (offsets[i + 1] - offsets[i]);
    for (let r = offsets[i]; r < offsets[i + 1]; r++) {
      const from = rows[r] * dimension;
      for (let d = 0; d < dimension; d++) out[to + d] += share * values[from + d];
    }
  }
}

/** The gradient of {@link addMeans}: gives each row its share of `gradient`, `[batch, width]`. */
export function scatterMeans(
  { rows, offsets }: Bag,
  gradient: Float32Array,
  width: number,
  at: number,
  into: RowGradients,
): void {
  for (let i = 0; i + 1 < offsets.length; i++) {
    const share = 1 / (offsets[i + 1] - offsets[i]);
    for (let r = offsets[i]; r < offsets[i + 1]; r++) into.add(rows[r], gradient, i * width + at, share);
  }
}
