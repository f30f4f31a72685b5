import { isAcceptable, pairedDifference } from '@gatehouse/evaluation';
import type { ItemIndex } from '@gatehouse/item-index';
import type { Canary } from '@gatehouse/towers';

import { IndexRefusedError } from './index-refused-error';
import type { LiveIndex } from './live-index';

const k = 10;
/** Searches in flight: on a server most of the time of one is its way there and back. */
const searchesAtOnce = 16;
/** Fewer canaries prove nothing: a standard error of a handful of cases is itself chance. */
const leastCanaries = 100;

/** Share of canaries whose next item an index has among its first ten, of the new one and of the one that serves. */
export interface NextItemRecall {
  readonly nextItemRecallAt10: number;
  readonly servingNextItemRecallAt10: number;
}

/**
 * Compares a new version with the one that serves, on the same queries: each canary is asked of both, and must find the item that came
 * next. A new version may be worse by chance, not clearly worse.
 *
 * @returns undefined with fewer than 100 canaries, which prove nothing.
 * @throws IndexRefusedError when the recall is lower by more than the greater of 10 % and 3 standard errors.
 */
export async function checkNextItems(
  index: ItemIndex,
  canaries: readonly Canary[],
  live: LiveIndex,
): Promise<NextItemRecall | undefined> {
  if (canaries.length < leastCanaries) return undefined;
  const dimension = live.model.schema.outputDimension;
  const vectors = live.model.query.embed(canaries.map(({ query }) => query)); // [canaries, dimension]
  const hitsOf = async (searched: ItemIndex, vectorOf: (at: number) => Float32Array): Promise<number[]> => {
    const hits: number[] = [];
    for (let from = 0; from < canaries.length; from += searchesAtOnce) {
      const some = canaries.slice(from, from + searchesAtOnce);
      const found = await Promise.all(some.map((_, i) => searched.search({ vector: vectorOf(from + i), k })));
      hits.push(...some.map(({ nextItemId }, i) => Number(found[i].some(({ itemId }) => itemId === nextItemId))));
    }
    return hits;
  };
  const candidate = await hitsOf(index, (at) => canaries[at].vector);
  const serving = await hitsOf(live.index, (at) => vectors.subarray(at * dimension, (at + 1) * dimension));
  const difference = pairedDifference(candidate, serving);
  const recall = difference.baselineMean + difference.mean;
  if (!isAcceptable(difference)) {
    const expected = `${difference.baselineMean.toFixed(4)} of ${live.version}, less 10 % or 3 standard errors`;
    throw new IndexRefusedError(index.indexId, 'next-item recall', expected, recall.toFixed(4));
  }
  return { nextItemRecallAt10: recall, servingNextItemRecallAt10: difference.baselineMean };
}
