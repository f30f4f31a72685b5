import type { Scalar } from './features';

/** Deepest nesting of a {@link Filter}. */
export const maxFilterDepth = 8;

/** Condition on declared item attributes. A list attribute matches when any of its elements does. */
export type Filter =
  | { readonly allOf: readonly Filter[] }
  | { readonly anyOf: readonly Filter[] }
  | { readonly not: Filter }
  | { readonly equals: { readonly attribute: string; readonly value: Scalar } }
  | { readonly in: { readonly attribute: string; readonly values: readonly Scalar[] } }
  | { readonly range: { readonly attribute: string; readonly min?: number; readonly max?: number } };
