import type { Manifest } from '@gatehouse/artifacts';
import type { ItemId, QueryInput, Snapshot } from '@gatehouse/domain';
import type { Schema } from '@gatehouse/schema';

/** The query side of one model version. */
export interface QueryTower {
  readonly dimension: number;
  /** Vectors that each query gets; an item counts by the nearest of them. */
  readonly vectorsPerQuery: number;
  /** Vectors of queries, `[queries, vectorsPerQuery, dimension]`. */
  embed(queries: readonly QueryInput[]): Float32Array;
  dispose(): void;
}

/** A query with the vector that the version's own tower gave it. */
export interface Canary {
  readonly query: QueryInput;
  /** `[dimension]` */
  readonly vector: Float32Array;
  readonly nextItemId: ItemId;
}

/** Parts of a version by name. */
export type Parts = Readonly<Record<string, Snapshot>>;

/** What the retriever needs of the model library; `main.ts` passes `@gatehouse/towers`. */
export interface TowerLibrary {
  /** Names of the parts from which the query tower is restored. */
  servingParts(manifest: Pick<Manifest, 'files'>): readonly string[];
  /** @throws when a part is missing or does not fit. */
  restoreQueryTower(parts: Parts): QueryTower;
  readCanaries(part: Snapshot): readonly Canary[];
  schemaOf(parts: Parts): Schema;
}
