import type { Attributes, IndexPoint, IndexSpec, ItemIndexStore, SearchRequest } from './item-index';

/** A store without indexes. */
export interface StoreUnderTest {
  readonly store: ItemIndexStore;
  close(): Promise<void>;
}

/** One adapter, and what its searches promise. */
export interface AdapterUnderTest {
  readonly name: string;
  /** True when every search is exact; otherwise recall is held to a bound. */
  readonly exact: boolean;
  open(): Promise<StoreUnderTest>;
}

/** Two dimensions, for examples worked by hand. */
export const plane: IndexSpec = { dimension: 2, metric: 'dot', attributes: ['brand', 'tags', 'price'], manifest: {} };

/** A point from plain numbers. */
export function point(itemId: string, vector: readonly number[], attributes: Attributes = {}): IndexPoint {
  return { itemId, vector: Float32Array.from(vector), attributes };
}

/** A request from plain numbers. */
export function query(vector: readonly number[], k: number, rest: Partial<SearchRequest> = {}): SearchRequest {
  return { vector: Float32Array.from(vector), k, ...rest };
}

/** Ids in order. */
export function idsOf(hits: readonly { readonly itemId: string }[]): string[] {
  return hits.map(({ itemId }) => itemId);
}
