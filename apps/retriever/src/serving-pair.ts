import type { ModelVersionId, Offsets } from '@gatehouse/domain';
import type { Attributes, Hit, ItemIndex } from '@gatehouse/item-index';
import type { Schema } from '@gatehouse/schema';

import type { QueryTower } from './tower-library';

/** A popular item, with what filters may ask of it; its score counts how often it occurred. */
export interface PopularItem extends Hit {
  readonly attributes: Attributes;
}

/**
 * Everything that one answer is made of, all of one model version. A pair never changes: a new version is a new pair, so an
 * answer that reads the pair once cannot mix versions.
 */
export interface ServingPair {
  readonly version: ModelVersionId;
  readonly queryTower: QueryTower;
  readonly index: ItemIndex;
  /** Width of search that its builder chose; 0: the index's own. */
  readonly searchEffort: number;
  /** Most popular items when the version was published, best first. */
  readonly popular: readonly PopularItem[];
  readonly schema: Schema;
  /** Up to where in the log the version's snapshot of the users reaches. */
  readonly offsets: Offsets;
  /** Newest event that the model learned from; 0: unknown. */
  readonly modelEventTimeMs: number;
  /** Catalogue that the index was built from; 0: unknown. */
  readonly catalogueTimeMs: number;
}

/** Frees what a pair holds. */
export async function disposePair({ queryTower, index }: ServingPair): Promise<void> {
  queryTower.dispose();
  await index.close();
}
