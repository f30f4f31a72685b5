import type { Candidate, ItemId, SourceScore } from '@gatehouse/domain';
import type { Hit } from '@gatehouse/item-index';

import { allotPlaces } from './allot-places';
import type { FusionSettings } from './fusion-settings';
import { type SourceName, sourceNames } from './retrieve-query';

/** What one source found, best first. */
export interface Found {
  readonly source: SourceName;
  readonly hits: readonly Hit[];
}

/** A candidate of several sources, which it names in the order of {@link sourceNames}. */
export interface MergedCandidate {
  readonly itemId: ItemId;
  score: number;
  readonly sources: SourceScore[];
}

/** Damps the first ranks, so that no single source decides alone; the value of the paper. */
const rankOffset = 60;

/**
 * What each hit of one source is worth, from 0 up, falling with its place.
 *
 * `weighted` maps the scores of the hits found to `(score - least) / (greatest - least)`, all of them to 1 where they are equal. It needs
 * no knowledge of a source's range: cosines end at 1, counts and BM25 nowhere. It keeps their order and distances, and is not negative, so
 * a second source never takes from a candidate.
 */
const worths: Readonly<Record<FusionSettings['kind'], (hits: readonly Hit[]) => (place: number) => number>> = {
  rrf: () => (place) => 1 / (rankOffset + place + 1),
  weighted: (hits) => {
    const scores = hits.map(({ score }) => score);
    const least = scores.reduce((a, b) => Math.min(a, b), Infinity);
    const range = scores.reduce((a, b) => Math.max(a, b), -Infinity) - least;
    return (place) => (range > 0 ? (scores[place] - least) / range : 1);
  },
};

const plain: FusionSettings = { kind: 'rrf', weights: {}, quotas: {} };

/**
 * Joins what several sources found: up to `limit` candidates, best first, each naming its sources.
 *
 * One source keeps its own scores, and no quota holds. Several are joined by what each hit is worth, for their scores do not compare:
 * `score(item) = sum over sources of weight(source) * worth(hit)`, equal scores by item id, then by the quotas of {@link allotPlaces}.
 * `rrf`: `worth = 1 / (60 + rank)`, rank from 1; Cormack, Clarke and Buettcher, SIGIR 2009, section 2.
 * `weighted`: `worth = (score - least) / (greatest - least)`, over the hits that the source found for this request.
 * The order of `found` makes no difference.
 *
 * @example mergeSources([{ source: 'popular', hits: [{ itemId: 'a', score: 7 }] }], 10)[0].score; // 7
 */
export function mergeSources(found: readonly Found[], limit: number, fusion = plain): readonly Candidate[] {
  if (found.length === 1) {
    const [{ source, hits }] = found;
    return hits.slice(0, limit).map(({ itemId, score }) => ({ itemId, score, sources: [{ source, score }] }));
  }
  const merged = new Map<ItemId, MergedCandidate>();
  for (const { source, hits } of inOrder(found)) {
    const weight = fusion.weights[source] ?? 1;
    const worthOf = worths[fusion.kind](hits);
    hits.forEach(({ itemId, score }, place) => {
      const candidate = merged.get(itemId) ?? { itemId, score: 0, sources: [] };
      candidate.score += weight * worthOf(place);
      candidate.sources.push({ source, score });
      merged.set(itemId, candidate);
    });
  }
  const ranked = [...merged.values()].sort((a, b) => b.score - a.score || (a.itemId < b.itemId ? -1 : 1));
  return allotPlaces(ranked, limit, fusion.quotas);
}

/** One order, whatever order the sources came in: sums of floating-point numbers depend on it. */
function inOrder(found: readonly Found[]): readonly Found[] {
  return [...found].sort((a, b) => sourceNames.indexOf(a.source) - sourceNames.indexOf(b.source));
}
