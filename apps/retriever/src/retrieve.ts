import type { Candidate, Features, QueryInput, UserId } from '@gatehouse/domain';
import type { UserRecord, UserState } from '@gatehouse/events';
import type { BatchRetrieveRequest, BatchRetrieveResponse, RetrieveRequest, RetrieveResponse } from '@gatehouse/proto';
import type { Clock, Logger } from '@gatehouse/runtime';

import { CallCancelledError, OutOfTimeError } from './call-errors';
import type { FusionSettings } from './fusion-settings';
import { type Found, mergeSources } from './merge-sources';
import { nextTurn } from './next-turn';
import type { RetrieveQuery, SourceName } from './retrieve-query';
import type { Serving } from './serving';
import type { ServingPair } from './serving-pair';
import type { SourceRequest } from './sources/candidate-source';
import type { Sources } from './sources/create-sources';
import { startInTurns } from './start-in-turns';
import type { Telemetry } from './telemetry';
import type { Tracing } from './tracing';
import { validateBatch, validateRetrieve } from './validate-request';
import { withoutIds } from './without-ids';

/** Collaborators of {@link createRetrieve}. */
export interface Retrieving {
  readonly serving: Serving;
  readonly users: Pick<UserState, 'get'>;
  /** What is known of a user beside the events. */
  readonly featuresOf: (userId: UserId) => Features;
  readonly sources: Sources;
  /** How the answers of several sources become one. */
  readonly fusion: FusionSettings;
  readonly clock: Clock;
  /** Width of approximate searches in a pair's index; 0: the index's own. */
  readonly effortOf: (pair: ServingPair) => number;
  readonly telemetry: Pick<Telemetry, 'spent' | 'sourceFailed'>;
  readonly tracing: Pick<Tracing, 'stage' | 'describe'>;
  readonly logger: Logger;
}

/** Answers queries. */
export interface Retrieve {
  /** @throws InvalidRequestError, NotServingError, CallCancelledError, OutOfTimeError. */
  readonly one: (request: RetrieveRequest, signal: AbortSignal) => Promise<RetrieveResponse>;
  /** All from one version, one after the other; other calls get their turns in between. @throws like `one`. */
  readonly batch: (request: BatchRetrieveRequest, signal: AbortSignal) => Promise<BatchRetrieveResponse>;
}

/** Creates the verb of the retriever. */
export function createRetrieve(retrieving: Retrieving): Retrieve {
  const { serving, users, featuresOf, sources, fusion, clock, effortOf, telemetry, tracing, logger } = retrieving;
  const answer = async (
    queries: readonly RetrieveQuery[],
    pair: ServingPair,
    signal: AbortSignal,
  ): Promise<RetrieveResponse[]> => {
    signal.throwIfAborted();
    tracing.describe({
      modelVersion: pair.version,
      indexVersion: pair.index.indexId,
      queries: queries.length,
      limit: queries.reduce((sum, { limit }) => sum + limit, 0),
    });
    const nowMs = clock.nowMs();
    const records = queries.map(({ userId }) => (userId === undefined ? undefined : users.get(userId)));
    const inputs = queries.map((query, i) => toQueryInput(query, records[i], featuresOf, nowMs));
    const beganMs = clock.monotonicMs();
    const vectors = tracing.stage('embed', () => vectorsOf(pair, inputs)); // [queries][vectorsPerQuery]
    telemetry.spent('embed', clock.monotonicMs() - beganMs);
    const responses: RetrieveResponse[] = [];
    for (const [i, query] of queries.entries()) {
      if (i > 0) await nextTurn(signal);
      const effort = effortOf(pair);
      const request = toSourceRequest(query, inputs[i], records[i], pair, vectors[i], effort, signal);
      const askedMs = clock.monotonicMs();
      const { found, failed } = await ask(chooseSources(query, records[i], sources), request, sources, tracing);
      const foundMs = clock.monotonicMs();
      telemetry.spent('sources', foundMs - askedMs);
      for (const { source, error } of failed) {
        telemetry.sourceFailed(source);
        const told = withoutIds(error, [query, inputs[i]]);
        logger.warn('source.failed', { modelVersion: pair.version, source, error: told });
      }
      const candidates = tracing.stage('merge', () => mergeSources(found, query.limit, fusion));
      const response = toResponse(candidates, pair, effort, userTimeOf(inputs[i]), failed);
      telemetry.spent('merge', clock.monotonicMs() - foundMs);
      logger.debug('candidates.served', {
        modelVersion: pair.version,
        indexVersion: pair.index.indexId,
        candidates: response.candidates.length,
        degraded: response.degraded,
      });
      responses.push(response);
    }
    tracing.describe({ degraded: responses.some(({ degraded }) => degraded) });
    return responses;
  };

  return {
    one: (request, signal) =>
      serving.use(async (pair) => {
        const [response] = await answer(
          [validateRetrieve(request, pair.schema.attributes, sources.available)],
          pair,
          signal,
        );
        return response;
      }),
    batch: (request, signal) =>
      serving.use(async (pair) => ({
        responses: await answer(validateBatch(request, pair.schema.attributes, sources.available), pair, signal),
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

/** The vectors of each query, each `[dimension]`. */
function vectorsOf({ queryTower }: ServingPair, inputs: readonly QueryInput[]): Float32Array[][] {
  const { dimension, vectorsPerQuery } = queryTower;
  const all = queryTower.embed(inputs); // [queries, vectorsPerQuery, dimension]
  const vectorAt = (i: number): Float32Array => all.subarray(i * dimension, (i + 1) * dimension);
  return inputs.map((_, i) => Array.from({ length: vectorsPerQuery }, (_, k) => vectorAt(i * vectorsPerQuery + k)));
}

function toSourceRequest(
  query: RetrieveQuery,
  input: QueryInput,
  record: UserRecord | undefined,
  pair: ServingPair,
  vectors: readonly Float32Array[],
  searchEffort: number,
  signal: AbortSignal,
): SourceRequest {
  const seen = query.excludeSeen ? record : undefined;
  const met = query.excludeSeen ? [...input.history, ...(record?.history ?? [])].map(({ itemId }) => itemId) : [];
  return {
    pair,
    vectors,
    history: input.history,
    context: query.context,
    ...(query.queryText !== undefined && { queryText: query.queryText }),
    limit: query.limit,
    ...(query.filter && { filter: query.filter }),
    exclude: new Set([...query.exclude, ...met]),
    isSeen: (itemId) => seen?.hasSeen(itemId) ?? false,
    seenCount: (seen?.seenKeys.length ?? 0) / 2,
    ...(searchEffort > 0 && { effort: searchEffort }),
    signal,
  };
}

/** Of whom nothing is known, the towers know little too: other sources help them out. Without text, none looks for it. */
function chooseSources(
  { sources: asked, history, queryText }: RetrieveQuery,
  record: UserRecord | undefined,
  { defaults, strangers }: Sources,
): readonly SourceName[] {
  if (asked) return asked;
  const isKnown = record !== undefined || (history !== undefined && history.length > 0);
  return (isKnown ? defaults : strangers).filter((name) => name !== 'lexical' || queryText !== undefined);
}

interface FailedSource {
  readonly source: SourceName;
  readonly error: unknown;
}

interface Answers {
  readonly found: readonly Found[];
  readonly failed: readonly FailedSource[];
}

/**
 * Asks the sources, side by side. When one fails, the others answer, and `popular` even unasked or late: it searches nothing, and a plain
 * answer is better than none. The call waits for all of them, as they use the pair that it holds; each ends soon after the signal.
 */
async function ask(
  names: readonly SourceName[],
  request: SourceRequest,
  { byName }: Sources,
  tracing: Pick<Tracing, 'stage'>,
): Promise<Answers> {
  const search = (name: SourceName) => tracing.stage(`source ${name}`, () => byName[name](request));
  const found: Found[] = [];
  const failed: FailedSource[] = [];
  const asked = names.map((name) => async () => search(name));
  for (const [i, ended] of (await startInTurns(asked, request.signal)).entries()) {
    if (ended.status === 'fulfilled') found.push({ source: names[i], hits: ended.value });
    else failed.push({ source: names[i], error: ended.reason });
  }
  if (failed.length === 0) return { found, failed };
  if (request.signal.reason instanceof CallCancelledError) throw failed[0].error;
  if (!found.some(({ source }) => source === 'popular'))
    found.push({ source: 'popular', hits: await search('popular') });
  if (found.every(({ hits }) => hits.length === 0)) throw failed[0].error;
  return { found, failed: failed.filter(({ source }) => source !== 'popular') };
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
  failed: readonly FailedSource[],
): RetrieveResponse {
  const { modelEventTimeMs, catalogueTimeMs } = pair;
  return {
    candidates,
    modelVersion: pair.version,
    indexVersion: pair.index.indexId,
    searchEffort,
    degraded: failed.length > 0,
    degradedReason: failed
      .map(({ source, error }) => `${source} ${error instanceof OutOfTimeError ? 'ran out of time' : 'failed'}`)
      .join(', '),
    freshness: { modelEventTimeMs, catalogueTimeMs, userEventTimeMs },
  };
}
