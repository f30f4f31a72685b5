/** One plain value of a context or a filter. */
export type Scalar = string | number | boolean;

/** Value of one feature of a user. */
export type FeatureValue = string | number | readonly string[] | readonly number[];

/** Condition on declared item attributes, nested at most 8 deep. A list attribute matches when any of its elements does. */
export type Filter =
  | { readonly allOf: readonly Filter[] }
  | { readonly anyOf: readonly Filter[] }
  | { readonly not: Filter }
  | { readonly equals: { readonly attribute: string; readonly value: Scalar } }
  | { readonly in: { readonly attribute: string; readonly values: readonly Scalar[] } }
  | { readonly range: { readonly attribute: string; readonly min?: number; readonly max?: number } };

/** Asks for candidates for one user, one history or nobody in particular. */
export interface RetrieveQuery {
  readonly userId?: string;
  /** Features of the user by name. */
  readonly features?: Readonly<Record<string, FeatureValue>>;
  /** Oldest first, at most 512. When given, even empty, it replaces what the server knows. */
  readonly history?: readonly { readonly itemId: string; readonly eventTimeMs: number }[];
  readonly context?: Readonly<Record<string, Scalar>>;
  /** How many candidates at most, 1 to 1000. @default 100 */
  readonly limit?: number;
  readonly filter?: Filter;
  /** Items that must not appear, at most 10000. */
  readonly excludeItemIds?: readonly string[];
  /** Leaves out what the user has seen. @default false */
  readonly excludeSeen?: boolean;
  /** What the user looks for, 1 to 1024 bytes: the source `lexical` needs it. */
  readonly queryText?: string;
  /**
   * Sources to ask: `two-tower`, `popular`, `item-to-item`, `trending`, `new`, `lexical`, as far as the server has them.
   * @default what the server's settings say: two-tower, joined by popular when nothing is known of the user
   */
  readonly sources?: readonly string[];
}

/** Asks for neighbours of an item. */
export interface SimilarItemsQuery {
  readonly itemId: string;
  /** How many candidates at most, 1 to 1000. @default 100 */
  readonly limit?: number;
  readonly filter?: Filter;
  /** Items that must not appear, at most 10000. */
  readonly excludeItemIds?: readonly string[];
}
