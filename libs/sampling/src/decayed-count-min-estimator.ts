import { type Snapshot, tensorOf } from '@gatehouse/domain';

import { cellOf } from './cell-hash';
import { checkCells, checkCellShape, optionError } from './check-cells';
import type { FrequencyEstimator } from './frequency-estimator';

/** Options of {@link createDecayedCountMinEstimator}. */
export interface DecayedCountMinOptions {
  /** Counters of each hash function, 4 bytes each. */
  readonly cells: number;
  /** Hash functions. */
  readonly hashes: number;
  /** Draws after which an occurrence counts half: how fast it follows a drift, against its noise. At most 4,000,000. */
  readonly halfLifeDraws: number;
}

/** Counts stay exact to a draw: a counter holds at most halfLife / ln 2 draws, and 32-bit floats count up to 2^24. */
const maxHalfLifeDraws = 4_000_000;
/** Weight of a draw at which all counters are scaled down. A power of two, so that scaling rounds nothing. */
const rescaleAt = 2 ** 40;

/**
 * Streaming frequency from a count-min sketch whose counts decay, with constant memory: `hashes * cells * 4` bytes.
 *
 * The n-th draw weighs `2^(n / halfLife)`, so that older draws count less without being touched. Each hash function has counters; a key
 * counts as much as the smallest of its counters, and an occurrence raises only those that are below the new count (conservative
 * update). `p = count / total weight`.
 *
 * **Error.** Without collisions p is an exponentially weighted mean: `E[p] = q` from the first draw on, with variance
 * `q (1 - q) a / (2 - a)`, `a = 1 - 2^(-1 / halfLife)`. So half the L1 distance over all items is about
 * `sqrt(a / pi) / 2 * sum_j sqrt(q_j)`. Collisions only add: by more than `e / cells` in a share of at most `e^-hashes` of the keys
 * (Cormode and Muthukrishnan 2005, Theorem 1, which decay leaves as it is, because all weights are positive), and by less with the
 * conservative update. After a change, what was before fades by half every half-life.
 *
 * **Unseen keys.** A key with a counter of 0 gets `min(1 / cells, 1 / (effective draws + 1))`: an item of average frequency, if the
 * counters are sized after the catalogue, and never more than one occurrence. No floor holds other keys up: what has not occurred for
 * long fades below that.
 *
 * Source: Cormode and Muthukrishnan 2005, "An improved data stream summary"; conservative update: Estan and Varghese 2002, section 3.3.
 *
 * @param name of the part in the checkpoint.
 * @throws RangeError when an option is out of range.
 * @example
 * const estimator = createDecayedCountMinEstimator('frequency', { cells: 65536, hashes: 4, halfLifeDraws: 50000 });
 * estimator.observe(hashIds(['a', 'b', 'b', 'a']));
 * estimator.probability(hashIds(['a', 'b']), p); // p: about [1 / 2, 1 / 2]
 */
export function createDecayedCountMinEstimator(name: string, options: DecayedCountMinOptions): FrequencyEstimator {
  const { cells, hashes, halfLifeDraws } = options;
  checkOptions(name, options);
  const counts = new Float32Array(hashes * cells); // in units of the weight of the draw that was the first after a rescaling
  const state = Float64Array.of(1, 0); // weight of the next draw; total weight
  const growth = 2 ** (1 / halfLifeDraws);
  const cellsOfKey = new Int32Array(hashes);

  /** Finds the cells of a key and returns the smallest of their counts. */
  const find = (low: number, high: number): number => {
    let smallest = Infinity;
    for (let row = 0; row < hashes; row++) {
      const cell = row * cells + cellOf(low, high, row, cells);
      cellsOfKey[row] = cell;
      if (counts[cell] < smallest) smallest = counts[cell];
    }
    return smallest;
  };

  const observeOne = (low: number, high: number): void => {
    const weight = state[0];
    const raised = find(low, high) + weight;
    for (let row = 0; row < hashes; row++) {
      if (counts[cellsOfKey[row]] < raised) counts[cellsOfKey[row]] = raised;
    }
    state[1] += weight;
    state[0] = weight * growth;
    if (state[0] >= rescaleAt) {
      for (let cell = 0; cell < counts.length; cell++) counts[cell] /= rescaleAt;
      state[0] /= rescaleAt;
      state[1] /= rescaleAt;
    }
  };

  const shape = [hashes, cells];
  return {
    name,
    observe: (keys) => {
      for (let i = 0; i < keys.length; i += 2) observeOne(keys[i], keys[i + 1]);
    },
    probability: (keys, out) => {
      const [weight, total] = state;
      const unseen = Math.min(1 / cells, 1 / (total / weight + 1));
      for (let i = 0; i < keys.length; i += 2) {
        const count = find(keys[i], keys[i + 1]);
        out[i >> 1] = count > 0 ? count / total : unseen;
      }
    },
    snapshot: (): Snapshot => ({
      tensors: {
        counts: { dtype: 'F32', shape, data: counts },
        clock: { dtype: 'F64', shape: [2], data: state },
      },
      metadata: null,
    }),
    restore: (snapshot) => {
      checkCellShape(name, snapshot, 'counts', options);
      counts.set(tensorOf(name, snapshot, 'counts', 'F32', counts.length));
      state.set(tensorOf(name, snapshot, 'clock', 'F64', 2));
    },
  };
}

function checkOptions(name: string, { cells, hashes, halfLifeDraws }: DecayedCountMinOptions): void {
  checkCells(name, { cells, hashes });
  if (!(halfLifeDraws >= 1 && halfLifeDraws <= maxHalfLifeDraws)) {
    throw optionError(name, 'halfLifeDraws', `1 to ${maxHalfLifeDraws} draws`, halfLifeDraws);
  }
}
