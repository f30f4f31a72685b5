import type { EmbeddingTable } from '../tables/embedding-table';
import type { RowGradients } from '../tables/row-gradients';

/** Rows of one feature for a batch of inputs: input i has the rows at `offsets[i] .. offsets[i + 1]`, at least one. */
export interface Bag {
  /** `[total rows]` */
  readonly rows: Int32Array;
  /** Share of each row in its input's mean, summing to 1 for each input, `[total rows]`. */
  readonly shares: Float32Array;
  /** `[batch + 1]` */
  readonly offsets: Int32Array;
}

/** Collects the rows of a bag. */
export interface BagBuilder {
  /** Adds a row to the open input; `weight` counts against those of the input's other rows. @default 1 */
  readonly push: (row: number, weight?: number) => void;
  /** Ends one input; an input without rows gets `fallbackRow`. */
  endInput(fallbackRow: number): void;
  build(): Bag;
}

/** Starts a bag for `batch` inputs. */
export function createBagBuilder(batch: number): BagBuilder {
  const offsets = new Int32Array(batch + 1);
  let rows = new Int32Array(batch * 4 + 16);
  let shares = new Float32Array(rows.length);
  let [count, inputs, openWeight] = [0, 0, 0];
  const push = (row: number, weight = 1): void => {
    if (count === rows.length) {
      const [moreRows, moreShares] = [new Int32Array(2 * count), new Float32Array(2 * count)];
      moreRows.set(rows);
      moreShares.set(shares);
      [rows, shares] = [moreRows, moreShares];
    }
    shares[count] = weight;
    rows[count++] = row;
    openWeight += weight;
  };
  return {
    push,
    endInput: (fallbackRow) => {
      if (count === offsets[inputs]) push(fallbackRow);
      for (let r = offsets[inputs]; r < count; r++) shares[r] /= openWeight;
      openWeight = 0;
      offsets[++inputs] = count;
    },
    build: () => ({ rows: rows.subarray(0, count), shares: shares.subarray(0, count), offsets }),
  };
}

/**
 * Adds the weighted mean of each input's rows to the columns `[at, at + dimension)` of `out`.
 *
 * `out[i, at + d] += sum over r in bag_i of share_r * table[r, d]`; `out` is `[batch, width]`.
 */
export function addMeans(
  { rows, shares, offsets }: Bag,
  table: EmbeddingTable,
  out: Float32Array,
  width: number,
  at: number,
): void {
  const { dimension } = table;
  const { slabs, shift, mask } = table.values;
  for (let i = 0; i + 1 < offsets.length; i++) {
    const to = i * width + at;
    for (let r = offsets[i]; r < offsets[i + 1]; r++) {
      const values = slabs[rows[r] >> shift];
      const from = (rows[r] & mask) * dimension;
      const share = shares[r];
      for (let d = 0; d < dimension; d++) out[to + d] += share * values[from + d];
    }
  }
}

/** The gradient of {@link addMeans}: gives each row its share of `gradient`, `[batch, width]`. */
export function scatterMeans(
  { rows, shares, offsets }: Bag,
  gradient: Float32Array,
  width: number,
  at: number,
  into: RowGradients,
): void {
  for (let i = 0; i + 1 < offsets.length; i++) {
    for (let r = offsets[i]; r < offsets[i + 1]; r++) into.add(rows[r], gradient, i * width + at, shares[r]);
  }
}
