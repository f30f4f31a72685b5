import { checkSearch } from './check-search';
import { compileFilter } from './compile-filter';
import type { IndexSpec, SearchRequest } from './item-index';
import type { PointTable } from './point-table';
import { type RowScore, rowScores } from './row-score';

/** A checked request, ready to run over tables of points. */
export interface CompiledSearch {
  /** `[dimension]`. */
  readonly vector: Float32Array;
  /** The same numbers, as scoring wants them. */
  readonly query: Float64Array;
  readonly k: number;
  readonly effort: number | undefined;
  readonly score: RowScore;
  /** Whether a row passes filter and exclusions. */
  readonly accepts: (points: PointTable, row: number) => boolean;
}

/**
 * Checks a request against an index, once.
 *
 * @throws DimensionError, NonFiniteVectorError, InvalidFilterError; RangeError when k or effort is no whole number from 0 on.
 */
export function compileSearch(request: SearchRequest, spec: IndexSpec): CompiledSearch {
  checkSearch(request, spec);
  const { vector, k, filter, exclude, effort } = request;
  const matches = filter && compileFilter(filter);
  return {
    vector,
    query: Float64Array.from(vector),
    k,
    effort,
    score: rowScores[spec.metric],
    accepts: (points, row) => exclude?.has(points.ids[row]) !== true && (!matches || matches(points.attributes[row])),
  };
}
