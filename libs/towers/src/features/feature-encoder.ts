import {
  type CandidateInput,
  type FeatureValue,
  idProblem,
  type QueryInput,
  type Random,
  type Scalar,
} from '@gatehouse/domain';
import type { FeatureSpec } from '@gatehouse/schema';

import type { EmbeddingTable } from '../tables/embedding-table';
import { type Bag, createBagBuilder } from './bag';
import { textRows } from './text-rows';

/** How a batch is encoded. Training adds rows for new ids and drops some ids; everything else only reads. */
export interface EncodeMode {
  /** Whether new ids and categories get rows of their own. */
  readonly grow: boolean;
  /**
   * How many of the inputs, from the first on, occur in the stream here, which counts towards the admission of their ids; the rest were
   * drawn, or were counted before. @default all
   */
  readonly occurrences?: number;
  /** Draws id dropout; absent outside training. */
  readonly dropout?: Random;
}

/** The mode of refresh, evaluation and serving. */
export const readOnly: EncodeMode = { grow: false };

/** One feature of one tower: turns inputs into rows of its table. */
export interface FeatureEncoder<Input> {
  readonly spec: FeatureSpec;
  readonly table: EmbeddingTable;
  /** The feature's own row for unknown and missing values. */
  readonly fallbackRow: number;
  encode(inputs: readonly Input[], mode: EncodeMode): Bag;
}

/** Rows of one input; none means unknown or missing. */
type RowsOf<Input> = (
  input: Input,
  mode: EncodeMode,
  push: (row: number, weight?: number) => void,
  occurs: boolean,
) => void;

/** Makes the function that reads the value of a source such as `features.genres`. */
type ReaderOf<Input> = (source: string) => (input: Input) => FeatureValue | Scalar | undefined;

/** Splits `features.genres` into where to look and the name to look for. */
function splitSource(source: string): [from: string, name: string] {
  const dot = source.indexOf('.');
  return [source.slice(0, dot), source.slice(dot + 1)];
}

/** Encoder of a query feature. */
export function createQueryFeature(
  spec: FeatureSpec,
  table: EmbeddingTable,
  fallbackRow: number,
): FeatureEncoder<QueryInput> {
  const reader: ReaderOf<QueryInput> = (source) => {
    const [from, name] = splitSource(source);
    return from === 'context' ? (input) => input.context[name] : (input) => input.features[name];
  };
  return createEncoder(spec, table, fallbackRow, reader, (input) => input.userId);
}

/** Encoder of a candidate feature. */
export function createCandidateFeature(
  spec: FeatureSpec,
  table: EmbeddingTable,
  fallbackRow: number,
): FeatureEncoder<CandidateInput> {
  const reader: ReaderOf<CandidateInput> = (source) => {
    const [, name] = splitSource(source);
    return (input) => input.features[name];
  };
  return createEncoder(spec, table, fallbackRow, reader, (input) => input.itemId);
}

function createEncoder<Input extends QueryInput | CandidateInput>(
  spec: FeatureSpec,
  table: EmbeddingTable,
  fallbackRow: number,
  readerOf: ReaderOf<Input>,
  idOf: (input: Input) => string | undefined,
): FeatureEncoder<Input> {
  const rowsOf = createRowsOf(spec, table, fallbackRow, readerOf, idOf);
  return {
    spec,
    table,
    fallbackRow,
    encode: (inputs, mode) => {
      const bag = createBagBuilder(inputs.length);
      const { occurrences = inputs.length } = mode;
      inputs.forEach((input, i) => {
        rowsOf(input, mode, bag.push, i < occurrences);
        bag.endInput(fallbackRow);
      });
      return bag.build();
    },
  };
}

function createRowsOf<Input extends QueryInput | CandidateInput>(
  spec: FeatureSpec,
  table: EmbeddingTable,
  fallbackRow: number,
  readerOf: ReaderOf<Input>,
  idOf: (input: Input) => string | undefined,
): RowsOf<Input> {
  // A category may be empty or longer than any id; it then counts as unknown, in training as in serving.
  const keyedRow = (key: string, { grow }: EncodeMode, occurs: boolean): number =>
    grow && idProblem(key) === undefined ? table.addRow(key, fallbackRow, occurs) : table.rowOf(key);
  switch (spec.kind) {
    case 'id':
      return (input, mode, push, occurs) => {
        const id = idOf(input);
        if (id === undefined) return;
        const dropped = mode.dropout !== undefined && spec.dropout > 0 && mode.dropout.next() < spec.dropout;
        const row = keyedRow(id, mode, occurs);
        if (row >= 0 && !dropped) push(row);
      };
    case 'category':
    case 'categories': {
      const read = readerOf(spec.source);
      return (input, mode, push, occurs) => {
        const value = read(input);
        if (value === undefined) return;
        for (const category of Array.isArray(value) ? value : [value]) {
          const row = keyedRow(String(category), mode, occurs);
          if (row >= 0) push(row);
        }
      };
    }
    case 'number': {
      const read = readerOf(spec.source);
      return (input, _mode, push) => {
        const value = read(input);
        if (typeof value === 'number' && !Number.isNaN(value)) push(table.fixedRow(bucketOf(value, spec.boundaries)));
      };
    }
    case 'text': {
      const read = readerOf(spec.source);
      return (input, _mode, push) => {
        const value = read(input);
        if (typeof value === 'string') for (const row of textRows(input.features, spec.source, value, table)) push(row);
      };
    }
    case 'history':
      return (input, { grow }, push) => {
        const history = 'history' in input ? input.history : [];
        let weight = 1; // of the newest item that has a row
        for (let i = history.length - 1; i >= Math.max(0, history.length - spec.length); i--) {
          const row = table.rowOf(history[i].itemId);
          if (row < 0) continue;
          if (grow) table.touch(row);
          push(row, weight);
          weight *= spec.decay;
        }
      };
  }
}

/**
 * Bucket of a number: how many boundaries are at most `value`.
 *
 * @example bucketOf(7, [0, 5, 10]); // 2
 */
export function bucketOf(value: number, boundaries: readonly number[]): number {
  let bucket = 0;
  while (bucket < boundaries.length && boundaries[bucket] <= value) bucket++;
  return bucket;
}
