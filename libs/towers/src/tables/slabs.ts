import { type Snapshot, type StateTensor, tensorOf, type TensorTypes } from '@gatehouse/domain';

import { createChangedRows } from './changed-rows';
import { changesOf, mergeChanges, type TensorChanges } from './tensor-changes';

/** Element types that rows are made of. */
type RowType = 'F32' | 'U32' | 'U8';

const arrays = { F32: Float32Array, U32: Uint32Array, U8: Uint8Array } as const;

/** Largest slab: copying one takes about a millisecond, and a table of a million rows of 64 has 64 of them. */
const maxSlabBytes = 4 * 1024 * 1024;
const firstRows = 64;

/**
 * Rows of numbers that grow without being copied: slabs of 2^shift rows each. A hot loop reads row r as
 * `slabs[r >> shift][(r & mask) * width + d]`. Whoever writes a row marks it, so that a patch can tell.
 */
export interface Slabs<D extends RowType = 'F32'> {
  readonly width: number;
  readonly shift: number;
  readonly mask: number;
  /** Grows in place; a slab is replaced by a larger one only while it is not full. */
  readonly slabs: readonly TensorTypes[D][];
  /** Makes room for so many rows; new ones are 0. */
  ensure(rows: number): void;
  slabOf(row: number): TensorTypes[D];
  offsetOf(row: number): number;
  /** Sets a row to 0, and marks it. */
  clear(row: number): void;
  /** Says that a row was written. */
  mark(row: number): void;
  markAll(rows: Int32Array): void;
  /** The first rows as tensors `name`, `name.1`, `name.2`, ...: a slab each, and views of it. */
  tensors(name: string, rows: number): Record<string, StateTensor>;
  /**
   * Takes the arrays of a snapshot as its slabs, in place, and returns the number of their rows.
   * @throws RangeError naming part and tensor when they are missing or do not fit together.
   */
  restore(part: string, snapshot: Snapshot, name: string): number;
  /** What changed in the tensors of the first rows since {@link saved} or {@link restore}. */
  changes(name: string, rows: number): TensorChanges;
  /** Says that the first rows are saved as they are: the next changes start from here. */
  saved(rows: number): void;
}

/**
 * Creates empty slabs of rows of `width` numbers.
 *
 * @example
 * const rows = createSlabs('F32', 64);
 * rows.ensure(1_000_000);
 * rows.slabOf(7)[rows.offsetOf(7)] = 1;
 */
export function createSlabs<D extends RowType>(dtype: D, width: number, slabBytes = maxSlabBytes): Slabs<D> {
  const shift = Math.max(0, Math.floor(Math.log2(slabBytes / (width * arrays[dtype].BYTES_PER_ELEMENT))));
  const fullRows = 1 << shift;
  const slabs: TensorTypes[D][] = [];
  const changed = createChangedRows();
  let savedRows = 0;
  const create = (rows: number): TensorTypes[D] => new arrays[dtype](rows * width) as unknown as TensorTypes[D];

  const ensure = (rows: number): void => {
    for (;;) {
      const last = slabs.at(-1);
      const lastRows = last ? last.length / width : fullRows;
      const before = Math.max(0, slabs.length - 1) * fullRows; // rows of all slabs but the last
      if (last && before + lastRows >= rows) return;
      if (!last || lastRows === fullRows) {
        slabs.push(create(slabs.length === 0 ? Math.min(fullRows, Math.max(firstRows, rows)) : fullRows));
        continue;
      }
      // A first slab doubles, so that a small table stays small.
      const wanted = slabs.length === 1 ? Math.max(2 * lastRows, rows) : fullRows;
      const larger = create(Math.min(fullRows, wanted));
      larger.set(last);
      slabs[slabs.length - 1] = larger;
    }
  };

  const tensors = (name: string, rows: number): Record<string, StateTensor> => {
    ensure(rows);
    const found: Record<string, StateTensor> = {};
    for (let s = 0; s < slabsOf(rows); s++) {
      const count = Math.min(fullRows, rows - s * fullRows);
      const data = (slabs[s] ?? create(0)).subarray(0, count * width);
      const shape = width === 1 ? [count] : [count, width];
      found[slabName(name, s)] = { dtype, shape, data } as unknown as StateTensor;
    }
    return found;
  };

  /** Slabs that so many rows are saved in: also none are saved, as an empty tensor. */
  const slabsOf = (rows: number): number => Math.max(1, Math.ceil(rows / fullRows));

  const saved = (rows: number): void => {
    savedRows = rows;
    changed.clear();
  };

  return {
    width,
    shift,
    mask: fullRows - 1,
    slabs,
    ensure,
    slabOf: (row) => slabs[row >> shift],
    offsetOf: (row) => (row & (fullRows - 1)) * width,
    clear: (row) => {
      const at = (row & (fullRows - 1)) * width;
      slabs[row >> shift].fill(0, at, at + width);
      changed.add(row);
    },
    mark: (row) => changed.add(row),
    markAll: (rows) => changed.addAll(rows),
    tensors,
    restore: (part, snapshot, name) => {
      const found: TensorTypes[D][] = [];
      for (let s = 0; s === 0 || slabName(name, s) in snapshot.tensors; s++) {
        found.push(tensorOf(part, snapshot, slabName(name, s), dtype));
      }
      found.forEach((slab, s) => {
        const isLast = s + 1 === found.length;
        const fits = isLast
          ? slab.length % width === 0 && slab.length <= fullRows * width
          : slab.length === fullRows * width;
        if (fits) return;
        const expected = isLast ? `whole rows of ${width}, at most ${fullRows}` : `${fullRows} rows of ${width}`;
        throw new RangeError(`${part}: tensor ${slabName(name, s)}: expected ${expected}, found ${slab.length} values`);
      });
      slabs.splice(0, slabs.length, ...found);
      saved(found.reduce((sum, slab) => sum + slab.length / width, 0));
      return savedRows;
    },
    changes: (name, rows) =>
      mergeChanges(
        Object.entries(tensors(name, rows)).map(([slab, tensor], s) => {
          const from = s * fullRows;
          const base = s < slabsOf(savedRows) ? Math.min(fullRows, savedRows - from) : undefined;
          return changesOf(slab, tensor, base, changed.between(from, Math.min(from + fullRows, rows)));
        }),
      ),
    saved,
  };
}

function slabName(name: string, s: number): string {
  return s === 0 ? name : `${name}.${s}`;
}
