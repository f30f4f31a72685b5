import type { Context, Features, Filter, HistoryEntry, ItemId, UserId } from '@gatehouse/domain';

/** Names of all sources, in the order in which candidates name theirs. Settings decide which of them there are. */
export const sourceNames = ['two-tower', 'popular', 'item-to-item', 'trending', 'new', 'lexical'] as const;
export type SourceName = (typeof sourceNames)[number];

/** A request for candidates, checked, in words of the domain. */
export interface RetrieveQuery {
  readonly userId?: UserId;
  readonly features: Features;
  /** The caller's own history, which replaces the stored one. */
  readonly history?: readonly HistoryEntry[];
  readonly context: Context;
  readonly limit: number;
  readonly filter?: Filter;
  readonly exclude: readonly ItemId[];
  readonly excludeSeen: boolean;
  /** What the source `lexical` looks for. */
  readonly queryText?: string;
  /** Undefined: the retriever chooses. */
  readonly sources?: readonly SourceName[];
}

/** A request for the neighbours of an item, checked. */
export interface SimilarQuery {
  readonly itemId: ItemId;
  readonly limit: number;
  readonly filter?: Filter;
  readonly exclude: readonly ItemId[];
}
