import type { Candidate, ItemId, SourceScore } from '@gatehouse/domain';
import type { Hit } from '@gatehouse/item-index';

/** What one source found, best first. */
export interface Found {
  readonly source: string;
  readonly hits: readonly Hit[];
}

/** Damps the first ranks, so that no single source decides alone; the value of the paper. */
const rankOffset = 60;

/**
 * Joins what several sources found: up to `limit` candidates, best first, each naming its sources.
 *
 * One source keeps its own scores. Several are joined by reciprocal rank fusion, because their scores do not compare:
 * `score(item) = sum over sources of 1 / (60 + rank)`, rank from 1; equal scores go by item id.
 * Cormack, Clarke and Buettcher, SIGIR 2009, section 2.
 *
 * @example mergeSources([{ source: 'popular', hits: [{ itemId: 'a', score: 7 }] }], 10)[0].score; // 7
 */
export function mergeSources(found: readonly Found[], limit: number): Candidate[] {
  if (found.length === 1) {
    const [{ source, hits }] = found;
    return hits.slice(0, limit).map(({ itemId, score }) => ({ itemId, score, sources: [{ source, score }] }));
  }
  const merged = new Map<ItemId, { score: number; sources: SourceScore[] }>();
  for (const { source, hits } of found) {
    hits.forEach(({ itemId, score }, i) => {
      const candidate = merged.get(itemId) ?? { score: 0, sources: [] };
      candidate.score += 1 / (rankOffset + i + 1);
      candidate.sources.push({ source, score });
      merged.set(itemId, candidate);
    });
  }
  return Array.from(merged, ([itemId, { score, sources }]) => ({ itemId, score, sources }))
    .sort((a, b) => b.score - a.score || (a.itemId < b.itemId ? -1 : 1))
    .slice(0, limit);
}
