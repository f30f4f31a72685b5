import type { Keys, Random } from '@gatehouse/domain';

import type { FrequencyEstimator } from './frequency-estimator';

/** Options of {@link createNegativeMixer}. */
export interface NegativeMixerOptions {
  /** Read, never fed: the trainer observes each batch once, before it mixes, however many updates follow. */
  readonly estimator: FrequencyEstimator;
  /** Chooses the uniform draws; its state belongs into the checkpoint. */
  readonly random: Random;
  /** Whether the other positives of the batch serve as candidates. */
  readonly inBatch: boolean;
  /** M: uniform draws over the live catalogue for each mix, with replacement. */
  readonly uniform: number;
}

/** What one optimiser step has. */
export interface MixInput {
  /** Key of the positive of each row, `[batch * 2]`. */
  readonly positiveKeys: Keys;
  /** 1 where the positive is in the live catalogue, else 0, `[batch]`. */
  readonly positiveInCatalogue: Uint8Array;
  /** Keys of the live catalogue, each item once, `[catalogue * 2]`. */
  readonly catalogueKeys: Keys;
}

/** The candidates that join the positives, and the correction of all. */
export interface NegativeMix {
  /** Positions in the catalogue that were drawn, `[M]`; empty while the catalogue is. */
  readonly draws: Int32Array;
  /** log Q of each candidate, positives first, `[batch + M]`. */
  readonly logQ: Float32Array;
}

/** Draws negatives and says how often to expect each candidate among the shared ones. */
export interface NegativeMixer {
  /** @throws RangeError when the batch is empty or lengths disagree. */
  mix(input: MixInput): NegativeMix;
}

/**
 * Mixes in-batch and uniform negatives.
 *
 * The shared candidates of row i are the positives of the other B - 1 rows (if `inBatch`) and M uniform draws from a catalogue of
 * N items. Item j is expected among them `Q_j` times:
 *
 * `Q_j = [inBatch] (B - 1) p_j + M u_j`, with p_j per draw from the estimator, and `u_j = 1 / N` in the catalogue, else 0.
 *
 * Every candidate gets the sum over all sources, whichever of them drew it. Q is an expected count, not a normalised
 * probability: with logits `l_ij = s_ij - log Q_j`, `sum_j exp(l_ij)` over the shared candidates, each occurrence counted, is an
 * unbiased estimate of `sum over items j != positive of exp(s_ij)` for any mixture. (It generalises the log p_j of Yi et al. 2019,
 * eq. 3.) p is used as it is: a floor such as 1e-6 would replace the p of most of a large catalogue.
 *
 * A positive that no source can repeat has Q = 0, for example one outside of the catalogue without in-batch negatives. It is never
 * a shared candidate, so there is nothing to correct, and its log Q is written as 0.
 *
 * @throws RangeError when `uniform` is not a count.
 * @example
 * const mixer = createNegativeMixer({ estimator, random, inBatch: true, uniform: 512 });
 * estimator.observe(positiveKeys); // once per batch
 * const { draws, logQ } = mixer.mix({ positiveKeys, positiveInCatalogue, catalogueKeys });
 */
export function createNegativeMixer({ estimator, random, inBatch, uniform }: NegativeMixerOptions): NegativeMixer {
  if (!Number.isInteger(uniform) || uniform < 0) {
    throw new RangeError(`negative mixer: uniform: expected a count of draws, found ${uniform}`);
  }

  const mix = (input: MixInput): NegativeMix => {
    const { positiveKeys, positiveInCatalogue, catalogueKeys } = input;
    checkLengths(input);
    const batch = positiveInCatalogue.length;
    const catalogueSize = catalogueKeys.length / 2;
    const draws = new Int32Array(catalogueSize === 0 ? 0 : uniform).map(() => random.below(catalogueSize));

    const candidates = batch + draws.length;
    const keys: Keys = new Uint32Array(candidates * 2);
    keys.set(positiveKeys);
    for (const [m, position] of draws.entries()) {
      keys.set(catalogueKeys.subarray(position * 2, position * 2 + 2), (batch + m) * 2);
    }
    const p = new Float64Array(candidates); // per draw
    estimator.probability(keys, p);

    const inBatchDraws = inBatch ? batch - 1 : 0;
    const uniformCount = draws.length === 0 ? 0 : draws.length / catalogueSize; // M u
    const logQ = Float32Array.from(p, (perDraw, j) => {
      const inCatalogue = j >= batch || positiveInCatalogue[j] === 1;
      const expectedCount = inBatchDraws * perDraw + (inCatalogue ? uniformCount : 0);
      return expectedCount === 0 ? 0 : Math.log(expectedCount);
    });
    return { draws, logQ };
  };

  return { mix };
}

function checkLengths({ positiveKeys, positiveInCatalogue, catalogueKeys }: MixInput): void {
  if (positiveInCatalogue.length === 0) throw new RangeError('negative mixer: batch: expected at least 1 row, found 0');
  if (positiveKeys.length !== 2 * positiveInCatalogue.length) {
    const expected = 2 * positiveInCatalogue.length;
    throw new RangeError(`negative mixer: positive keys: expected ${expected} words, found ${positiveKeys.length}`);
  }
  if (catalogueKeys.length % 2 !== 0) {
    throw new RangeError(
      `negative mixer: catalogue keys: expected pairs of words, found ${catalogueKeys.length} words`,
    );
  }
}
