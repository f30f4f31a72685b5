import { type Snapshot, tensorOf } from '@gatehouse/domain';

import type { FrequencyEstimator } from './frequency-estimator';
import { createKeyCounts } from './key-counts';

/**
 * Exact counts of all draws, `p = count / draws`. Memory grows with the keys and nothing is ever forgotten, so it is for tests,
 * small catalogues and streams that do not drift.
 *
 * A key that was never observed gets `p = 1 / (draws + 1)`, as if the next draw were its first.
 *
 * @param name of the part in the checkpoint.
 * @example
 * const estimator = createExactEstimator('frequency');
 * estimator.observe(hashIds(['a', 'b', 'b', 'b']));
 * estimator.probability(hashIds(['a', 'c']), p); // p: [1 / 4, 1 / 5]
 */
export function createExactEstimator(name: string): FrequencyEstimator {
  let table = createKeyCounts();
  let draws = 0;
  return {
    name,
    observe: (keys) => {
      for (let i = 0; i < keys.length; i += 2) table.add(keys[i], keys[i + 1], 1);
      draws += keys.length / 2;
    },
    probability: (keys, out) => {
      for (let i = 0; i < keys.length; i += 2) {
        const count = table.get(keys[i], keys[i + 1]);
        out[i >> 1] = count > 0 ? count / draws : 1 / (draws + 1);
      }
    },
    snapshot: (): Snapshot => {
      const { keys, counts } = table.entries();
      return {
        tensors: {
          keys: { dtype: 'U32', shape: [counts.length, 2], data: keys },
          counts: { dtype: 'F64', shape: [counts.length], data: counts },
        },
        metadata: null,
      };
    },
    restore: (snapshot) => {
      const counts = tensorOf(name, snapshot, 'counts', 'F64');
      const keys = tensorOf(name, snapshot, 'keys', 'U32', 2 * counts.length);
      table = createKeyCounts();
      draws = 0;
      for (const [i, count] of counts.entries()) {
        table.add(keys[2 * i], keys[2 * i + 1], count);
        draws += count;
      }
    },
  };
}
