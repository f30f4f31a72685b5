import type { Keys, Stateful } from '@gatehouse/domain';

/**
 * Estimates how often items occur in the stream: p = probability that one draw is a given item.
 *
 * The clock of every estimator counts draws, so an item that occurs three times in one batch is three draws.
 * Only the mixer turns p into expected counts Q and log Q.
 */
export interface FrequencyEstimator extends Stateful {
  /** Counts one draw per key, in order, once per draw that enters a batch. `keys` is `[draws * 2]`. */
  observe(keys: Keys): void;
  /**
   * Writes p per draw of each key to `out`, `[keys.length / 2]`; read-only.
   * A key that was never observed gets the estimator's stated probability of an unseen item, never 0.
   */
  probability(keys: Keys, out: Float64Array): void;
}
