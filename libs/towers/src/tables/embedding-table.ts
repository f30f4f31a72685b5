import { type Random, type Snapshot, type Stateful, type StateTensor, tensorOf } from '@gatehouse/domain';
import type { TableSpec } from '@gatehouse/schema';

import { createAdmission } from './admission';
import { createIdMap, type IdMap } from './id-map';
import { createRowUse } from './row-use';
import { createSlabs, type Slabs } from './slabs';
import { mergeChanges, wholeTensors } from './tensor-changes';

/**
 * Embedding rows in typed arrays, `[rows, dimension]`, outside of TensorFlow.js: a step then costs as much as the rows that it touches,
 * however large the table is.
 *
 * The first `fallbackRows` rows belong to the features that read the table, one each: they stand for unknown and missing values.
 */
export interface EmbeddingTable extends Stateful {
  readonly dimension: number;
  /** Rows in use, fallback rows included, and rows that wait for a new id. */
  readonly rows: number;
  readonly fallbackRows: number;
  /** The rows themselves; whoever writes one marks it. */
  readonly values: Slabs;
  readonly stats: TableStats;
  /** Row of an id or category of a keyed table, or -1. */
  rowOf(id: string): number;
  /**
   * Row of an id, which gets one when it is new and admitted: a copy of row `like` plus noise. -1: it has none.
   * @param occurs whether the id occurs in the stream here, which counts towards its admission. @default true
   */
  addRow(id: string, like: number, occurs?: boolean): number;
  /** Says that training uses a row. */
  touch(row: number): void;
  /** Begins a step of training at an event time: what was long unused goes, and what is used from here on stays during the step. */
  beginStep(eventTimeMs: number): void;
  /** Row of a hash or bucket of a fixed table. */
  fixedRow(index: number): number;
  /** Numbers beside each row, for an optimiser; 0 where a row is new. */
  column<D extends 'F32' | 'U32'>(dtype: D, width: number): Slabs<D>;
}

/** What became of a table's ids. */
export interface TableStats {
  /** Ids that have a row. */
  readonly ids: number;
  /** Since the table was made. */
  readonly admissions: number;
  readonly evictions: number;
  readonly expirations: number;
  /** Times that an admitted id got no row, because the table was full of rows in use. */
  readonly refusals: number;
}

/** Creates a table with its fallback rows and, when it is fixed, all its rows. */
export function createEmbeddingTable(
  name: string,
  spec: TableSpec,
  fallbackRows: number,
  random: Random,
): EmbeddingTable {
  const { dimension, initialScale, admitAfter, capacity } = spec;
  const ids: IdMap | undefined = spec.kind === 'keyed' ? createIdMap(name) : undefined;
  const admission = ids && admitAfter > 1 ? createAdmission(admitAfter) : undefined;
  const use = createRowUse(spec);
  const values = createSlabs('F32', dimension);
  const columns: Slabs<'F32' | 'U32'>[] = [];
  const counters = new Float64Array(4); // admissions, evictions, expirations, refusals
  let rows = fallbackRows + (ids ? 0 : spec.rows);
  values.ensure(rows);
  for (let row = 0; row < rows; row++) fill(row, undefined);
  values.saved(rows); // changes start from here

  /** Draws a row: noise, around another row if there is one. */
  function fill(row: number, like: number | undefined): void {
    const [slab, at] = [values.slabOf(row), values.offsetOf(row)];
    values.mark(row);
    for (let d = 0; d < dimension; d++) {
      const noise = (2 * random.next() - 1) * initialScale;
      slab[at + d] = like === undefined ? noise : values.slabOf(like)[values.offsetOf(like) + d] + noise;
    }
  }

  function keyed(): IdMap {
    if (!ids) throw new TypeError(`${name}: expected a keyed table, found a fixed one`);
    return ids;
  }

  /** Whether there is room for one more id, after the longest unused has gone, if need be. */
  const makeRoom = (map: IdMap): boolean => {
    if (capacity === null || map.size < capacity) return true;
    const victim = use.longestUnused(map);
    if (victim < 0) {
      counters[3]++;
      return false;
    }
    map.remove(victim);
    counters[1]++;
    return true;
  };

  const addRow = (id: string, like: number, occurs = true): number => {
    const map = keyed();
    const known = map.indexOf(id);
    if (known >= 0) {
      use.touch(known);
      return known + fallbackRows;
    }
    if (admission && !(occurs ? admission.count(id) : admission.isAdmitted(id))) return -1;
    if (!makeRoom(map)) return -1;
    const index = map.add(id);
    const row = index + fallbackRows;
    counters[0]++;
    if (row >= rows) {
      rows = row + 1;
      values.ensure(rows);
      for (const column of columns) column.ensure(rows);
    } else {
      for (const column of columns) column.clear(row); // what the row's last id left
    }
    fill(row, like);
    use.touch(index);
    return row;
  };

  const stats = (): StateTensor => ({ dtype: 'F64', shape: [4], data: counters.slice() });
  const metadata = { fallbackRows };

  return {
    name,
    dimension,
    fallbackRows,
    get rows() {
      return rows;
    },
    values,
    get stats() {
      const [admissions, evictions, expirations, refusals] = counters;
      return { ids: ids?.size ?? 0, admissions, evictions, expirations, refusals };
    },
    rowOf: (id) => {
      const index = keyed().indexOf(id);
      return index < 0 ? -1 : index + fallbackRows;
    },
    addRow,
    touch: (row) => {
      if (row >= fallbackRows) use.touch(row - fallbackRows);
    },
    beginStep: (eventTimeMs) => {
      if (!ids) return;
      for (const index of use.beginStep(eventTimeMs, ids)) {
        ids.remove(index);
        counters[2]++;
      }
    },
    fixedRow: (index) => fallbackRows + (index % spec.rows),
    column: (dtype, width) => {
      const column = createSlabs(dtype, width);
      column.ensure(rows);
      column.saved(rows);
      columns.push(column);
      return column;
    },
    snapshot: (): Snapshot => ({
      tensors: {
        ...values.tensors('values', rows),
        ...ids?.snapshot().tensors,
        ...admission?.tensors(),
        ...use.tensors(),
        stats: stats(),
      },
      metadata,
    }),
    patch: () => ({
      ...mergeChanges([
        values.changes('values', rows),
        ...[ids, admission, use].flatMap((part) => part?.changes() ?? []),
        wholeTensors({ stats: stats() }),
      ]),
      metadata,
    }),
    saved: () => {
      values.saved(rows);
      for (const part of [ids, admission, use]) part?.saved();
    },
    restore: (snapshot) => {
      const found = values.restore(name, snapshot, 'values');
      ids?.restore(snapshot);
      const expected = fallbackRows + (ids ? ids.end : spec.rows);
      if (found !== expected) {
        throw new RangeError(`${name}: expected ${expected} rows of ${dimension}, found ${found * dimension} values`);
      }
      admission?.restore(name, snapshot);
      use.restore(name, snapshot);
      counters.set(tensorOf(name, snapshot, 'stats', 'F64', 4));
      rows = expected;
      for (const column of columns) column.ensure(rows);
    },
  };
}
