import type { SimilarItemsRequest, SimilarItemsResponse } from '@gatehouse/proto';
import type { Logger } from '@gatehouse/runtime';

import { UnknownItemError } from './call-errors';
import { mergeSources } from './merge-sources';
import type { Serving } from './serving';
import type { ServingPair } from './serving-pair';
import type { Tracing } from './tracing';
import { validateSimilar } from './validate-request';

/** Collaborators of {@link createSimilarItems}. */
export interface SimilarItemsFinding {
  readonly serving: Serving;
  /** Width of approximate searches in a pair's index; 0: the index's own. */
  readonly effortOf: (pair: ServingPair) => number;
  readonly tracing: Pick<Tracing, 'describe'>;
  readonly logger: Logger;
}

/**
 * Creates the search for the neighbours of an item: its own vector from the index is the query, so no tower takes part.
 *
 * The returned function throws InvalidRequestError, UnknownItemError, NotServingError, CallCancelledError or OutOfTimeError.
 */
export function createSimilarItems({ serving, effortOf, tracing, logger }: SimilarItemsFinding) {
  return (request: SimilarItemsRequest, signal: AbortSignal): Promise<SimilarItemsResponse> =>
    serving.use(async (pair) => {
      const { itemId, limit, filter, exclude } = validateSimilar(request, pair.schema.attributes);
      signal.throwIfAborted();
      tracing.describe({ modelVersion: pair.version, indexVersion: pair.index.indexId, limit });
      const effort = effortOf(pair);
      const [point] = await pair.index.get([itemId], signal);
      if (!point) throw new UnknownItemError(itemId);
      signal.throwIfAborted();
      const hits = await pair.index.search({
        vector: point.vector,
        k: limit,
        exclude: new Set([itemId, ...exclude]),
        signal,
        ...(filter && { filter }),
        ...(effort > 0 && { effort }),
      });
      logger.debug('candidates.served', {
        modelVersion: pair.version,
        indexVersion: pair.index.indexId,
        candidates: hits.length,
      });
      const { modelEventTimeMs, catalogueTimeMs } = pair;
      return {
        candidates: mergeSources([{ source: 'two-tower', hits }], limit),
        modelVersion: pair.version,
        indexVersion: pair.index.indexId,
        searchEffort: effort,
        freshness: { modelEventTimeMs, catalogueTimeMs, userEventTimeMs: 0 },
      };
    });
}
