import {
  type FeatureValue as WireFeatureValue,
  type Filter as WireFilter,
  RetrieveRequest,
  type Scalar as WireScalar,
  SimilarItemsRequest,
} from '@gatehouse/proto';

import type { FeatureValue, Filter, RetrieveQuery, Scalar, SimilarItemsQuery } from './request';

/**
 * Turns a query into its message. Limits are the server's to check.
 *
 * @throws TypeError for a filter without a known condition.
 * @example retrieveToWire({ userId: '42', limit: 10 });
 */
export function retrieveToWire(query: RetrieveQuery): RetrieveRequest {
  return RetrieveRequest.fromPartial({
    userId: query.userId,
    features: new Map(Object.entries(query.features ?? {}).map(([name, value]) => [name, featureToWire(value)])),
    history: query.history && { entries: query.history },
    context: new Map(Object.entries(query.context ?? {}).map(([name, value]) => [name, scalarToWire(value)])),
    limit: query.limit ?? 0,
    filter: query.filter && filterToWire(query.filter),
    excludeItemIds: query.excludeItemIds ?? [],
    excludeSeen: query.excludeSeen ?? false,
    sources: query.sources ?? [],
    queryText: query.queryText,
  });
}

/** Turns a query for neighbours into its message. @throws TypeError for a filter without a known condition. */
export function similarToWire(query: SimilarItemsQuery): SimilarItemsRequest {
  return SimilarItemsRequest.fromPartial({
    itemId: query.itemId,
    limit: query.limit ?? 0,
    filter: query.filter && filterToWire(query.filter),
    excludeItemIds: query.excludeItemIds ?? [],
  });
}

function filterToWire(filter: Filter): WireFilter {
  const all = (filters: readonly Filter[]) => ({ filters: filters.map(filterToWire) });
  if ('allOf' in filter) return { condition: { $case: 'allOf', value: all(filter.allOf) } };
  if ('anyOf' in filter) return { condition: { $case: 'anyOf', value: all(filter.anyOf) } };
  if ('not' in filter) return { condition: { $case: 'not', value: filterToWire(filter.not) } };
  if ('range' in filter) return { condition: { $case: 'range', value: filter.range } };
  if ('equals' in filter) {
    const { attribute, value } = filter.equals;
    return { condition: { $case: 'equals', value: { attribute, value: scalarToWire(value) } } };
  }
  if ('in' in filter) {
    const { attribute, values } = filter.in;
    return { condition: { $case: 'in', value: { attribute, values: values.map(scalarToWire) } } };
  }
  throw new TypeError(
    `filter: expected one of allOf, anyOf, not, equals, in, range, found ${Object.keys(filter).join(', ') || 'none'}`,
  );
}

function scalarToWire(value: Scalar): WireScalar {
  switch (typeof value) {
    case 'string':
      return { kind: { $case: 'stringValue', value } };
    case 'number':
      return { kind: { $case: 'numberValue', value } };
    case 'boolean':
      return { kind: { $case: 'boolValue', value } };
  }
}

function featureToWire(value: FeatureValue): WireFeatureValue {
  if (typeof value === 'string') return { kind: { $case: 'stringValue', value } };
  if (typeof value === 'number') return { kind: { $case: 'numberValue', value } };
  return isTexts(value)
    ? { kind: { $case: 'strings', value: { values: value } } }
    : { kind: { $case: 'numbers', value: { values: value } } };
}

function isTexts(values: readonly string[] | readonly number[]): values is readonly string[] {
  return typeof values[0] === 'string';
}
