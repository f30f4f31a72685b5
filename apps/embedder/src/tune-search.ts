import { indexRecall } from '@gatehouse/evaluation';
import type { Hit, ItemIndex } from '@gatehouse/item-index';
import type { Clock } from '@gatehouse/runtime';
import type { Canary } from '@gatehouse/towers';

/** Widths that are tried, the cheapest first. */
const efforts = [32, 64, 128, 256, 512];

/** What one width of search costs and finds. */
export interface SearchCost {
  /** Width of the search (ef). */
  readonly effort: number;
  /** Mean share of the exact first `k` that it finds. */
  readonly recall: number;
  /** Mean time of one search. */
  readonly ms: number;
}

/** What is asked of the searches. */
export interface SearchGoal {
  readonly k: number;
  readonly recall: number;
  /** Prefix of the vectors that searches go by first; 0: none. */
  readonly coarsePrefix: number;
}

/** The width that was chosen, and what was measured on the way. */
export interface TunedSearch {
  readonly effort: number;
  readonly curve: readonly SearchCost[];
}

/**
 * Finds the cheapest width of search that meets a recall, on the canaries against an exact search. When none does, the widest is taken:
 * whether the index may serve is for the verification to say.
 *
 * @param nearest exact nearest items of each canary, `[canaries][k]`.
 */
export async function tuneSearch(
  index: ItemIndex,
  canaries: readonly Canary[],
  nearest: readonly (readonly Hit[])[],
  { k, recall: wanted }: Pick<SearchGoal, 'k' | 'recall'>,
  clock: Pick<Clock, 'monotonicMs'>,
): Promise<TunedSearch> {
  const curve: SearchCost[] = [];
  for (const effort of efforts) {
    const beganMs = clock.monotonicMs();
    let sum = 0;
    for (const [c, { vector }] of canaries.entries())
      sum += indexRecall(await index.search({ vector, k, effort }), nearest[c], k);
    const count = Math.max(1, canaries.length);
    const recall = canaries.length === 0 ? 1 : sum / count;
    curve.push({ effort, recall, ms: (clock.monotonicMs() - beganMs) / count });
    if (recall >= wanted) break;
  }
  return { effort: curve[curve.length - 1].effort, curve };
}
