import type { ItemId } from './ids';

/** What one source thought of a candidate. */
export interface SourceScore {
  /** Name of the source, such as `two-tower` or `popular`. */
  readonly source: string;
  readonly score: number;
}

/** One retrieved item, best first in an answer. */
export interface Candidate {
  readonly itemId: ItemId;
  readonly score: number;
  readonly sources: readonly SourceScore[];
}
