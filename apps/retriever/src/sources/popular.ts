import type { Snapshot } from '@gatehouse/domain';
import { createPopularity } from '@gatehouse/evaluation';
import type { Hit } from '@gatehouse/item-index';

import type { CandidateSource } from './candidate-source';

/** Name of the part of a version that counts how often each item occurred. */
export const popularityPart = 'popularity';

/** The most popular items of a version's {@link popularityPart}, best first; scores are counts. */
export function readPopular(part: Snapshot, count: number): readonly Hit[] {
  const popularity = createPopularity(popularityPart);
  popularity.restore(part);
  return popularity.top(count).map(({ itemId, count: score }) => ({ itemId, score }));
}

/**
 * The most popular items of the version, the same for everybody. Popularity knows no attributes, so a request with a filter gets
 * nothing from here.
 */
export const popular: CandidateSource = async ({ pair, limit, filter, exclude, isSeen }) =>
  filter ? [] : pair.popular.filter(({ itemId }) => !exclude.has(itemId) && !isSeen(itemId)).slice(0, limit);
