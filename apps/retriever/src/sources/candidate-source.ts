import type { Context, Filter, HistoryEntry, ItemId } from '@gatehouse/domain';
import type { Hit } from '@gatehouse/item-index';

import type { ServingPair } from '../serving-pair';

/** What a source is asked for. */
export interface SourceRequest {
  readonly pair: ServingPair;
  /** Query vectors, each `[dimension]`: at least one. */
  readonly vectors: readonly Float32Array[];
  /** The user's events, oldest first: the request's own, or those that are stored. */
  readonly history: readonly HistoryEntry[];
  readonly context: Context;
  /** What the user looks for, in words. */
  readonly queryText?: string;
  readonly limit: number;
  readonly filter?: Filter;
  readonly exclude: ReadonlySet<ItemId>;
  /** Whether the user has seen an item, beyond what `exclude` names. */
  readonly isSeen: (itemId: ItemId) => boolean;
  /** How many items `isSeen` knows: how far a search may have to look. */
  readonly seenCount: number;
  /** Width of an approximate search; undefined: the index's own. */
  readonly effort?: number;
  readonly signal: AbortSignal;
}

/** Finds candidates in one way: up to `limit`, best first. */
export type CandidateSource = (request: SourceRequest) => Promise<readonly Hit[]>;
