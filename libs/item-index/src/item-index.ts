import type { Filter, ItemId, Scalar } from '@gatehouse/domain';

/** Value of a filterable attribute: one scalar, or a list of which any element may match. */
export type AttributeValue = Scalar | readonly Scalar[];

/** What the values of an attribute are, mostly: a store may index them by it. */
export type AttributeType = 'string' | 'number' | 'boolean';

/** Attribute values of one item by name. */
export type Attributes = Readonly<Record<string, AttributeValue>>;

/** One item in an index. */
export interface IndexPoint {
  readonly itemId: ItemId;
  /** `[dimension]`, finite. */
  readonly vector: Float32Array;
  readonly attributes: Attributes;
}

/** Shape of an index, fixed when it is created. */
export interface IndexSpec {
  readonly dimension: number;
  /** `dot` for cosine towers too: their outputs are normalised. */
  readonly metric: 'dot' | 'l2';
  /**
   * Length of the prefix that an approximate search goes by, below `dimension`; the whole vectors then decide among what it found. For
   * vectors whose prefixes were trained to stand for them (Kusupati et al. 2022). @default the whole vector
   */
  readonly coarse?: number | undefined;
  /** The filterable attributes by name. */
  readonly attributes: Readonly<Record<string, AttributeType>>;
  /** Small JSON kept with the index: model version, catalogue offsets, checksum. */
  readonly manifest: Readonly<Record<string, unknown>>;
}

/** What to search. */
export interface SearchRequest {
  /** One query, `[dimension]`. */
  readonly vector: Float32Array;
  /** How many hits at most; more than the index holds is fine. */
  readonly k: number;
  readonly filter?: Filter;
  readonly exclude?: ReadonlySet<ItemId>;
  /** Width of an approximate search (ef). Exact adapters ignore it. */
  readonly effort?: number;
  readonly signal?: AbortSignal;
}

/** One hit. Greater scores are better; for `l2` the score is minus the squared distance. */
export interface Hit {
  readonly itemId: ItemId;
  readonly score: number;
}

/**
 * One index: item vectors of exactly one model version. Any number of processes may search it while one changes it, and see every
 * change by their next search. After {@link close} every call throws IndexClosedError.
 */
export interface ItemIndex {
  readonly indexId: string;
  readonly spec: IndexSpec;
  /**
   * Adds or replaces points by item id: all of them or none, and the same call again is always safe. Durable when it resolves,
   * or for points before {@link seal}, when that resolves.
   * @throws DimensionError, NonFiniteVectorError, InvalidPointError.
   */
  upsert(points: readonly IndexPoint[]): Promise<void>;
  /** Removes items; unknown ids are fine. Durable like {@link upsert}. */
  remove(itemIds: readonly ItemId[]): Promise<void>;
  /** Ends the bulk load: builds what the search needs and makes it durable. Upserts stay possible afterwards. Idempotent. */
  seal(): Promise<void>;
  /**
   * Best `k` points that pass filter and exclusions, best first, ties by item id: k hits whenever k exist.
   * @throws DimensionError, NonFiniteVectorError, InvalidFilterError.
   */
  search(request: SearchRequest): Promise<Hit[]>;
  /**
   * Points of the given items, in the order given; items that the index does not hold are left out.
   * @throws the signal's reason when it aborts meanwhile.
   */
  get(itemIds: readonly ItemId[], signal?: AbortSignal): Promise<IndexPoint[]>;
  count(): Promise<number>;
  /** Up to `limit` points, the same ones for the same content: for checksums and probes. */
  sample(limit: number): Promise<IndexPoint[]>;
  close(): Promise<void>;
}

/** Creates, opens and drops indexes by id (`<modelVersion>.<build>`). */
export interface ItemIndexStore {
  /** The handle returned can search at once; others open the index only after it was sealed. @throws IndexExistsError, InvalidIndexIdError. */
  create(indexId: string, spec: IndexSpec): Promise<ItemIndex>;
  /** @throws IndexNotFoundError, IndexNotSealedError, IndexDamagedError. */
  open(indexId: string): Promise<ItemIndex>;
  /** Ids of all indexes, unsealed ones too, oldest model version and build first. */
  list(): Promise<string[]>;
  /** Idempotent. Readers that have the index open keep it until they close it. */
  drop(indexId: string): Promise<void>;
  /** Points the outside alias at an index, in one action. Retrievers never read it. @throws IndexNotFoundError, IndexNotSealedError. */
  activate(indexId: string): Promise<void>;
  /** Index that the alias names, unless it was dropped. */
  active(): Promise<string | undefined>;
}
