import { type HistoryEntry, type ItemId, maxIdBytes } from '@gatehouse/domain';
import type {
  BatchRetrieveRequest,
  HistoryEntry as WireHistoryEntry,
  RetrieveRequest,
  SimilarItemsRequest,
} from '@gatehouse/proto';
import type { Schema } from '@gatehouse/schema';

import { InvalidRequestError, quote } from './invalid-request-error';
import { type RetrieveQuery, type SimilarQuery, type SourceName, sourceNames } from './retrieve-query';
import { validateFilter } from './validate-filter';
import { validateEntries, validateFeature, validateScalar } from './validate-values';

type Attributes = Schema['attributes'];

const defaultLimit = 100;
const maxLimit = 1000;
const maxHistory = 512;
const maxExcluded = 10_000;
const maxQueryTextBytes = 1024;
const maxRequests = 100;
/** Candidates of a whole batch: with the longest ids they still fit the largest message that the server sends. */
const maxBatchLimit = 4000;

/**
 * Checks a request against the limits of the contract and the schema, and turns it into words of the domain.
 *
 * @param available the sources that may be asked.
 * @param field prefix of field names in messages, such as `requests[3].`.
 * @throws InvalidRequestError for the first thing wrong.
 */
export function validateRetrieve(
  request: RetrieveRequest,
  attributes: Attributes,
  available: readonly SourceName[] = sourceNames,
  field = '',
): RetrieveQuery {
  const { userId, history, filter, queryText, sources } = request;
  if (userId !== undefined) checkId(userId, `${field}user_id`);
  return {
    ...(userId !== undefined && { userId }),
    features: validateEntries(request.features, `${field}features`, validateFeature),
    ...(history && { history: validateHistory(history.entries, `${field}history.entries`) }),
    context: validateEntries(request.context, `${field}context`, validateScalar),
    limit: validateLimit(request.limit, `${field}limit`),
    ...(filter && { filter: validateFilter(filter, attributes, `${field}filter`) }),
    exclude: validateExcluded(request.excludeItemIds, `${field}exclude_item_ids`),
    excludeSeen: request.excludeSeen,
    ...(queryText !== undefined && { queryText: validateQueryText(queryText, `${field}query_text`) }),
    ...(sources.length > 0 && { sources: validateSources(request, available, field) }),
  };
}

/** Checks every request of a batch, and that all answers fit one message. @throws InvalidRequestError */
export function validateBatch(
  { requests }: BatchRetrieveRequest,
  attributes: Attributes,
  available: readonly SourceName[] = sourceNames,
): RetrieveQuery[] {
  if (requests.length < 1 || requests.length > maxRequests)
    throw new InvalidRequestError('requests', `1 to ${maxRequests}`, String(requests.length));
  const queries = requests.map((request, i) => validateRetrieve(request, attributes, available, `requests[${i}].`));
  const total = queries.reduce((sum, { limit }) => sum + limit, 0);
  if (total > maxBatchLimit)
    throw new InvalidRequestError('requests', `limits that sum up to at most ${maxBatchLimit}`, String(total));
  return queries;
}

/** Checks a request for neighbours. @throws InvalidRequestError */
export function validateSimilar(request: SimilarItemsRequest, attributes: Attributes): SimilarQuery {
  checkId(request.itemId, 'item_id');
  return {
    itemId: request.itemId,
    limit: validateLimit(request.limit, 'limit'),
    ...(request.filter && { filter: validateFilter(request.filter, attributes, 'filter') }),
    exclude: validateExcluded(request.excludeItemIds, 'exclude_item_ids'),
  };
}

function validateLimit(limit: number, field: string): number {
  if (limit > maxLimit) throw new InvalidRequestError(field, `1 to ${maxLimit}`, String(limit));
  return limit === 0 ? defaultLimit : limit;
}

function validateHistory(entries: readonly WireHistoryEntry[], field: string): HistoryEntry[] {
  if (entries.length > maxHistory)
    throw new InvalidRequestError(field, `at most ${maxHistory} entries`, String(entries.length));
  return entries.map(({ itemId, eventTimeMs }, i) => {
    checkId(itemId, `${field}[${i}].item_id`);
    const earliest = i === 0 ? 0 : entries[i - 1].eventTimeMs;
    if (eventTimeMs < earliest)
      throw new InvalidRequestError(
        `${field}[${i}].event_time_ms`,
        `at least ${earliest}, oldest first`,
        String(eventTimeMs),
      );
    return { itemId, eventTimeMs };
  });
}

function validateExcluded(itemIds: readonly ItemId[], field: string): readonly ItemId[] {
  if (itemIds.length > maxExcluded)
    throw new InvalidRequestError(field, `at most ${maxExcluded} ids`, String(itemIds.length));
  itemIds.forEach((itemId, i) => checkId(itemId, `${field}[${i}]`));
  return itemIds;
}

function validateQueryText(text: string, field: string): string {
  const bytes = Buffer.byteLength(text);
  if (bytes < 1 || bytes > maxQueryTextBytes)
    throw new InvalidRequestError(field, `1 to ${maxQueryTextBytes} bytes`, String(bytes));
  return text;
}

function validateSources(
  { sources: names, queryText }: RetrieveRequest,
  available: readonly SourceName[],
  field: string,
): SourceName[] {
  const asked = names.map((name, i) => {
    const known = available.find((each) => each === name);
    if (!known) throw new InvalidRequestError(`${field}sources[${i}]`, `one of ${available.join(', ')}`, quote(name));
    return known;
  });
  if (asked.includes('lexical') && queryText === undefined)
    throw new InvalidRequestError(`${field}query_text`, 'the text that the source lexical looks for', 'none');
  return [...new Set(asked)];
}

function checkId(id: string, field: string): void {
  const bytes = Buffer.byteLength(id);
  if (bytes < 1 || bytes > maxIdBytes) throw new InvalidRequestError(field, `1 to ${maxIdBytes} bytes`, String(bytes));
}
