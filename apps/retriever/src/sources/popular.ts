import type { Snapshot } from '@gatehouse/domain';
import { createPopularity } from '@gatehouse/evaluation';
import { compileFilter, type ItemIndex } from '@gatehouse/item-index';

import type { PopularItem } from '../serving-pair';
import type { CandidateSource } from './candidate-source';

/** Name of the part of a version that counts how often each item occurred. */
export const popularityPart = 'popularity';

/**
 * The most popular items of a version's {@link popularityPart} that its index holds, best first. Read once, when the version is adopted,
 * so that they can stand in for the index when that fails.
 */
export async function readPopular(part: Snapshot, index: ItemIndex, count: number): Promise<readonly PopularItem[]> {
  const popularity = createPopularity(popularityPart);
  popularity.restore(part);
  const points = await index.get(popularity.top(count).map(({ itemId }) => itemId));
  return points.map(({ itemId, attributes }) => ({ itemId, attributes, score: popularity.count(itemId) }));
}

/** The most popular items of the version, the same for everybody. */
export const popular: CandidateSource = async ({ pair, limit, filter, exclude, isSeen }) => {
  const matches = filter && compileFilter(filter);
  return pair.popular
    .filter(({ itemId }) => !exclude.has(itemId) && !isSeen(itemId))
    .filter(({ attributes }) => !matches || matches(attributes))
    .slice(0, limit)
    .map(({ itemId, score }) => ({ itemId, score }));
};
