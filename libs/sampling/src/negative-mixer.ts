import { hashIds, type ItemId, type Random } from '@gatehouse/domain';

import type { FrequencyEstimator } from './frequency-estimator';
import type { RecentPositives } from './recent-positives';

/** Options of {@link createNegativeMixer}: the sources of shared candidates. */
export interface NegativeMixerOptions {
  /** Read, never fed: the trainer observes each batch once, before it mixes, however many updates follow. */
  readonly estimator: FrequencyEstimator;
  /** Chooses the draws; its state belongs into the checkpoint. */
  readonly random: Random;
  /** Whether the other positives of the batch serve as candidates. */
  readonly inBatch: boolean;
  /** M: uniform draws over the live catalogue for each mix, with replacement. */
  readonly uniform: number;
  /** Draws from recent positives for each mix, with replacement. @default none */
  readonly popularity?: { readonly draws: number; readonly from: RecentPositives };
  /** Items of earlier batches whose vectors go on serving, each once per occurrence in the stream. @default none */
  readonly memory?: { readonly itemIds: readonly ItemId[] };
}

/** The items that can be drawn now. */
export interface LiveCatalogue {
  readonly items: readonly { readonly itemId: ItemId }[];
  has(itemId: ItemId): boolean;
}

/** The candidates that join the positives, and the correction of all. */
export interface NegativeMix {
  /** Drawn items: uniform ones, then popular ones, `[M + P]`. Fewer while there is nothing to draw from. */
  readonly draws: readonly ItemId[];
  /** log Q of each shared candidate: positives, draws, memory, `[batch + M + P + K]`. */
  readonly logQ: Float32Array;
}

/** Draws negatives and says how often to expect each candidate among the shared ones. */
export interface NegativeMixer {
  /**
   * @param positives item of each row, `[batch]`.
   * @throws RangeError when the batch is empty.
   */
  mix(positives: readonly ItemId[], catalogue: LiveCatalogue): NegativeMix;
}

/**
 * Mixes negatives of any sources under one Q.
 *
 * The shared candidates of row i are the positives of the other B - 1 rows (if `inBatch`), M uniform draws from a catalogue of N
 * items, P draws from recent positives and K items in memory. Item j is expected among them `Q_j` times:
 *
 * `Q_j = [inBatch] (B - 1) p_j + M u_j + P r_j + K p_j`, with p_j per draw from the estimator (a memory holds draws of the stream as
 * a batch does), `u_j = 1 / N` in the catalogue, else 0, and r_j the item's share of the recent positives.
 *
 * Every candidate gets the sum over all sources, whichever of them brought it. Q is an expected count, not a normalised
 * probability: with logits `l_ij = s_ij - log Q_j`, `sum_j exp(l_ij)` over the shared candidates, each occurrence counted, is an
 * unbiased estimate of `sum over items j != positive of exp(s_ij)` for any mixture. (It generalises the log p_j of Yi et al. 2019,
 * eq. 3; in-batch and uniform together are Mixed Negative Sampling, Yang et al. 2020.) p is used as it is: a floor such as 1e-6
 * would replace the p of most of a large catalogue.
 *
 * A positive that no source can repeat has Q = 0, for example one outside of the catalogue without in-batch negatives. It is never
 * a shared candidate, so there is nothing to correct, and its log Q is written as 0.
 *
 * @throws RangeError when a number of draws is not a count.
 * @example
 * const mixer = createNegativeMixer({ estimator, random, inBatch: true, uniform: 512 });
 * estimator.observe(hashIds(positives)); // once per batch
 * const { draws, logQ } = mixer.mix(positives, catalogue);
 */
export function createNegativeMixer(options: NegativeMixerOptions): NegativeMixer {
  const { estimator, random, inBatch, uniform, popularity, memory } = options;
  checkCount('uniform', uniform);
  if (popularity) checkCount('popularity', popularity.draws);

  const drawItems = ({ items }: LiveCatalogue): { uniformDraws: number; popularDraws: number; draws: ItemId[] } => {
    const uniformDraws = items.length === 0 ? 0 : uniform;
    const popularDraws = popularity && popularity.from.size > 0 ? popularity.draws : 0;
    const draws: ItemId[] = [];
    for (let m = 0; m < uniformDraws; m++) draws.push(items[random.below(items.length)].itemId);
    for (let m = 0; popularity && m < popularDraws; m++) draws.push(popularity.from.draw(random));
    return { uniformDraws, popularDraws, draws };
  };

  return {
    mix: (positives, catalogue) => {
      if (positives.length === 0) throw new RangeError('negative mixer: batch: expected at least 1 row, found 0');
      const { uniformDraws, popularDraws, draws } = drawItems(catalogue);
      const remembered = memory?.itemIds ?? [];
      const shared = [...positives, ...draws, ...remembered];
      const p = new Float64Array(shared.length); // per draw of the stream
      estimator.probability(hashIds(shared), p);

      const streamDraws = (inBatch ? positives.length - 1 : 0) + remembered.length; // B - 1 + K
      const logQ = Float32Array.from(shared, (itemId, j) => {
        let expectedCount = streamDraws * p[j];
        if (uniformDraws > 0 && catalogue.has(itemId)) expectedCount += uniformDraws / catalogue.items.length;
        if (popularity && popularDraws > 0) expectedCount += popularDraws * popularity.from.probability(itemId);
        return expectedCount === 0 ? 0 : Math.log(expectedCount);
      });
      return { draws, logQ };
    },
  };
}

function checkCount(option: string, found: number): void {
  if (Number.isInteger(found) && found >= 0) return;
  throw new RangeError(`negative mixer: ${option}: expected a count of draws, found ${found}`);
}
