import type { Attributes, Hit, IndexPoint, IndexSpec, ItemIndexStore, SearchRequest } from './item-index';

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
  /** Whether points are held by this process: scores are then exact to the bit, and a dropped index outlives its last reader. */
  readonly isLocal: boolean;
  /** Whether searches go by a prefix first: what recall is promised then is for vectors whose prefixes stand for them. */
  readonly goesByPrefix?: boolean;
  open(): Promise<StoreUnderTest>;
}

/** A store whose indexes go by the first half of the vectors first. */
export function byHalves(store: ItemIndexStore): ItemIndexStore {
  return { ...store, create: (indexId, spec) => store.create(indexId, { ...spec, coarse: spec.dimension / 2 }) };
}

/** Two dimensions, for examples worked by hand. */
export const plane: IndexSpec = {
  dimension: 2,
  metric: 'dot',
  attributes: { brand: 'string', tags: 'string', price: 'number' },
  manifest: {},
};

/** A point from plain numbers. */
export function point(itemId: string, vector: readonly number[], attributes: Attributes = {}): IndexPoint {
  return { itemId, vector: Float32Array.from(vector), attributes };
}

/** A request from plain numbers. */
export function query(vector: readonly number[], k: number, rest: Partial<SearchRequest> = {}): SearchRequest {
  return { vector: Float32Array.from(vector), k, ...rest };
}

/** Expects these hits in this order, with scores that differ by rounding at most unless the index is local. */
export function expectHits({ isLocal }: AdapterUnderTest, found: readonly Hit[], expected: readonly Hit[]): void {
  expect(idsOf(found)).toEqual(idsOf(expected));
  if (isLocal) expect(found).toEqual(expected);
  for (const [i, { score }] of found.entries()) {
    expect(Math.abs(score - expected[i].score)).toBeLessThanOrEqual(scoreTolerance * Math.max(1, Math.abs(score)));
  }
}

/** Largest difference of two scores of the same point by rounding in 32 bits. */
export const scoreTolerance = 1e-5;

/** Ids in order. */
export function idsOf(hits: readonly { readonly itemId: string }[]): string[] {
  return hits.map(({ itemId }) => itemId);
}
