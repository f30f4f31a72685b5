import type { Candidate, Features, QueryInput, UserId } from '@gatehouse/domain';
import type { UserRecord, UserState } from '@gatehouse/events';
import type { BatchRetrieveRequest, BatchRetrieveResponse, RetrieveRequest, RetrieveResponse } from '@gatehouse/proto';
import type { Clock, Logger } from '@gatehouse/runtime';

import { CallCancelledError, OutOfTimeError } from './call-errors';
import { type Found, mergeSources } from './merge-sources';
import { nextTurn } from './next-turn';
import type { RetrieveQuery, SourceName } from './retrieve-query';
import type { Serving } from './serving';
import type { ServingPair } from './serving-pair';
import type { CandidateSource, SourceRequest } from './sources/candidate-source';
import { popular } from './sources/popular';
import { twoTower } from './sources/two-tower';
import { validateBatch, validateRetrieve } from './validate-request';
import { withoutIds } from './without-ids';

/** Collaborators of {@link createRetrieve}. */
export interface Retrieving {
  readonly serving: Serving;
  readonly users: Pick<UserState, 'get'>;
  /** What is known of a user beside the events. */
  readonly featuresOf: (userId: UserId) => Features;
  readonly clock: Clock;
  /** Width of approximate searches; 0: the one that the pair's builder chose. */
  readonly searchEffort: number;
  readonly logger: Logger;
}

/** Answers queries. */
export interface Retrieve {
  /** @throws InvalidRequestError, NotServingError, CallCancelledError, OutOfTimeError. */
  readonly one: (request: RetrieveRequest, signal: AbortSignal) => Promise<RetrieveResponse>;
  /** All from one version, one after the other; other calls get their turns in between. @throws like `one`. */
  readonly batch: (request: BatchRetrieveRequest, signal: AbortSignal) => Promise<BatchRetrieveResponse>;
}

const sources: Readonly<Record<SourceName, CandidateSource>> = { 'two-tower': twoTower, popular };

/** Creates the verb of the retriever. */
export function createRetrieve({ serving, users, featuresOf, clock, searchEffort, logger }: Retrieving): Retrieve {
  const answer = async (
    queries: readonly RetrieveQuery[],
    pair: ServingPair,
    signal: AbortSignal,
  ): Promise<RetrieveResponse[]> => {
    signal.throwIfAborted();
    const nowMs = clock.nowMs();
    const records = queries.map(({ userId }) => (userId === undefined ? undefined : users.get(userId)));
    const inputs = queries.map((query, i) => toQueryInput(query, records[i], featuresOf, nowMs));
    const vectors = pair.queryTower.embed(inputs); // [queries, dimension]
    const { dimension } = pair.queryTower;
    const responses: RetrieveResponse[] = [];
    for (const [i, query] of queries.entries()) {
      if (i > 0) await nextTurn(signal);
      const vector = vectors.subarray(i * dimension, (i + 1) * dimension);
      const effort = searchEffort || pair.searchEffort;
      const request = toSourceRequest(query, inputs[i], records[i], pair, vector, effort, signal);
      const { found, failed } = await ask(chooseSources(query, records[i]), request);
      if (failed) {
        const error = withoutIds(failed.error, [query, inputs[i]]);
        logger.warn('source.failed', { modelVersion: pair.version, source: failed.source, error });
      }
      const response = toResponse(mergeSources(found, query.limit), pair, effort, userTimeOf(inputs[i]), failed);
      logger.debug('candidates.served', {
        modelVersion: pair.version,
        indexVersion: pair.index.indexId,
        candidates: response.candidates.length,
        degraded: response.degraded,
      });
      responses.push(response);
    }
    return responses;
  };

  return {
    one: (request, signal) =>
      serving.use(async (pair) => {
        const [response] = await answer([validateRetrieve(request, pair.schema.attributes)], pair, signal);
        return response;
      }),
    batch: (request, signal) =>
      serving.use(async (pair) => ({
        responses: await answer(validateBatch(request, pair.schema.attributes), pair, signal),
      })),
  };
}

/** The caller's own history and features win over what is stored. */
function toQueryInput(
  query: RetrieveQuery,
  record: UserRecord | undefined,
  featuresOf: Retrieving['featuresOf'],
  nowMs: number,
): QueryInput {
  const { userId, features, history, context } = query;
  return {
    ...(userId !== undefined && { userId }),
    features: userId === undefined ? features : { ...featuresOf(userId), ...features },
    history: history ?? record?.history ?? [],
    context,
    requestTimeMs: nowMs,
  };
}

function toSourceRequest(
  query: RetrieveQuery,
  input: QueryInput,
  record: UserRecord | undefined,
  pair: ServingPair,
  vector: Float32Array,
  searchEffort: number,
  signal: AbortSignal,
): SourceRequest {
  const seen = query.excludeSeen ? record : undefined;
  const met = query.excludeSeen ? [...input.history, ...(record?.history ?? [])].map(({ itemId }) => itemId) : [];
  return {
    pair,
    vector,
    limit: query.limit,
    ...(query.filter && { filter: query.filter }),
    exclude: new Set([...query.exclude, ...met]),
    isSeen: (itemId) => seen?.hasSeen(itemId) ?? false,
    seenCount: (seen?.seenKeys.length ?? 0) / 2,
    ...(searchEffort > 0 && { effort: searchEffort }),
    signal,
  };
}

/** Of whom nothing is known, the towers know little too: what is popular helps them out. */
function chooseSources(
  { sources: asked, history }: RetrieveQuery,
  record: UserRecord | undefined,
): readonly SourceName[] {
  const isKnown = record !== undefined || (history !== undefined && history.length > 0);
  return asked ?? (isKnown ? ['two-tower'] : ['two-tower', 'popular']);
}

interface FailedSource {
  readonly source: SourceName;
  readonly error: unknown;
}

/** Asks the sources. When one fails, the others answer, and `popular` even unasked: a plain answer is better than none. */
async function ask(
  names: readonly SourceName[],
  request: SourceRequest,
): Promise<{ readonly found: readonly Found[]; readonly failed?: FailedSource }> {
  const found: Found[] = [];
  let failed: FailedSource | undefined;
  for (const source of names) {
    try {
      found.push({ source, hits: await sources[source](request) });
    } catch (error) {
      if (request.signal.reason instanceof CallCancelledError) throw error;
      failed = { source, error };
    }
  }
  if (!failed) return { found };
  if (!names.includes('popular')) found.push({ source: 'popular', hits: await popular(request) });
  if (found.every(({ hits }) => hits.length === 0)) throw failed.error;
  return { found, failed };
}

/** Newest event of the user that entered the query; 0: none. */
function userTimeOf({ history }: QueryInput): number {
  return history.reduce((newest, { eventTimeMs }) => Math.max(newest, eventTimeMs), 0);
}

function toResponse(
  candidates: readonly Candidate[],
  pair: ServingPair,
  searchEffort: number,
  userEventTimeMs: number,
  failed: FailedSource | undefined,
): RetrieveResponse {
  const { modelEventTimeMs, catalogueTimeMs } = pair;
  return {
    candidates,
    modelVersion: pair.version,
    indexVersion: pair.index.indexId,
    searchEffort,
    degraded: failed !== undefined,
    degradedReason: failed
      ? `${failed.source} ${failed.error instanceof OutOfTimeError ? 'ran out of time' : 'failed'}`
      : '',
    freshness: { modelEventTimeMs, catalogueTimeMs, userEventTimeMs },
  };
}
