import { type Snapshot, tensorOf } from '@gatehouse/domain';

import { cellOf } from './cell-hash';
import { checkCells, checkCellShape, optionError } from './check-cells';
import type { FrequencyEstimator } from './frequency-estimator';

/** Options of {@link createGapEstimator}. */
export interface GapEstimatorOptions {
  /** Cells of each hash function's arrays, 16 bytes each. As many as there are items, or more. */
  readonly cells: number;
  /** Hash functions. */
  readonly hashes: number;
  /** Learning rate a of the gap, in (0, 1): how fast it follows, against its relative noise `sqrt(a / (2 - a))`. */
  readonly rate: number;
  /**
   * Gap of an item whose own gap is still unknown, in draws.
   * @default cells: arrays are sized after the catalogue, so this is the gap of an item of average frequency.
   */
  readonly initialGap?: number;
}

/**
 * Streaming frequency from the gap between occurrences (Yi et al. 2019, "Sampling-bias-corrected neural modeling for large
 * corpus item recommendations", Algorithm 2), with constant memory: `hashes * cells * 16` bytes.
 *
 * Each hash function has cells that hold A, the draw at which the cell was last hit, and B, its estimated gap. At draw t:
 * `B <- (1 - a_n) B + a_n (t - A)`, `A <- t`. Then `p = 1 / B`, with the largest B of all hash functions, because items that
 * share a cell can only shorten its gap. The clock counts draws (the paper's counts steps, so that p cannot exceed one per batch).
 *
 * **Bias at birth.** With a constant rate, n gaps leave `E[B] = (1 - (1-a)^n) / p + (1-a)^n B_0`: the start value B_0 fades only
 * after some `1/a` occurrences. Here B_0 has weight zero: `a_n = a / (1 - (1-a)^n)` is the bias correction of Adam (Kingma and
 * Ba 2015, section 3) in running form, so the first gap is taken whole, `a_1 = 1`, and `E[B] = 1/p` from there on. That, not
 * `E[1/B] = p`, is the law to keep: the sampled softmax divides by p. The time from the clock's start to an item's first
 * occurrence is not counted as a gap: for an item that joins late it is not one.
 *
 * **Unknown gaps.** A cell that was never hit stands for `initialGap`. After one hit in t draws the gap is still unknown, but t
 * draws had room for it: `min(initialGap, t)`. So an unseen key gets `p = 1 / initialGap`, or less where it shares a cell with an
 * item of a longer gap, or, when other items hold all its cells, theirs. It is never 0, and no floor holds p up either.
 *
 * @param name of the part in the checkpoint.
 * @throws RangeError when an option is out of range.
 * @example
 * const estimator = createGapEstimator('frequency', { cells: 65536, hashes: 4, rate: 0.01 });
 * estimator.observe(hashIds(['a', 'b', 'b', 'a']));
 * estimator.probability(hashIds(['a', 'b']), p); // p: [1 / 3, 1]
 */
export function createGapEstimator(name: string, options: GapEstimatorOptions): FrequencyEstimator {
  const { cells, hashes, rate, initialGap = cells } = options;
  checkOptions(name, { cells, hashes, rate, initialGap });
  const lastSeen = new Float64Array(hashes * cells); // A; 0: never. Draws are numbered from 1 and outgrow 32 bits in a day
  const gaps = new Float32Array(hashes * cells); // B
  const gapCounts = new Uint32Array(hashes * cells); // n
  const clock = new Float64Array(1);
  const logKeep = Math.log1p(-rate);
  const born = -40 / logKeep; // gaps after which (1-a)^n < e^-40 is nothing beside 1

  /** a_n, the weight of the n-th gap. */
  const rateOf = (n: number): number => (n > born ? rate : rate / -Math.expm1(n * logKeep));

  const observeOne = (low: number, high: number): void => {
    const t = ++clock[0];
    for (let row = 0; row < hashes; row++) {
      const cell = row * cells + cellOf(low, high, row, cells);
      if (lastSeen[cell] > 0) {
        if (gapCounts[cell] < 0xffffffff) gapCounts[cell]++;
        gaps[cell] += rateOf(gapCounts[cell]) * (t - lastSeen[cell] - gaps[cell]);
      }
      lastSeen[cell] = t;
    }
  };

  const gapOf = (low: number, high: number): number => {
    let largest = 0;
    for (let row = 0; row < hashes; row++) {
      const cell = row * cells + cellOf(low, high, row, cells);
      const unknown = lastSeen[cell] > 0 ? Math.min(initialGap, clock[0]) : initialGap;
      largest = Math.max(largest, gapCounts[cell] > 0 ? gaps[cell] : unknown);
    }
    return largest;
  };

  const shape = [hashes, cells];
  return {
    name,
    observe: (keys) => {
      for (let i = 0; i < keys.length; i += 2) observeOne(keys[i], keys[i + 1]);
    },
    probability: (keys, out) => {
      for (let i = 0; i < keys.length; i += 2) out[i >> 1] = 1 / gapOf(keys[i], keys[i + 1]);
    },
    snapshot: (): Snapshot => ({
      tensors: {
        lastSeen: { dtype: 'F64', shape, data: lastSeen },
        gaps: { dtype: 'F32', shape, data: gaps },
        gapCounts: { dtype: 'U32', shape, data: gapCounts },
        clock: { dtype: 'F64', shape: [1], data: clock },
      },
      metadata: null,
    }),
    restore: (snapshot) => {
      checkCellShape(name, snapshot, 'lastSeen', options);
      lastSeen.set(tensorOf(name, snapshot, 'lastSeen', 'F64', lastSeen.length));
      gaps.set(tensorOf(name, snapshot, 'gaps', 'F32', gaps.length));
      gapCounts.set(tensorOf(name, snapshot, 'gapCounts', 'U32', gapCounts.length));
      clock.set(tensorOf(name, snapshot, 'clock', 'F64', 1));
    },
  };
}

function checkOptions(name: string, { cells, hashes, rate, initialGap }: Required<GapEstimatorOptions>): void {
  checkCells(name, { cells, hashes });
  if (!(rate > 0 && rate < 1)) throw optionError(name, 'rate', 'a number in (0, 1)', rate);
  if (!(initialGap >= 1 && initialGap < Infinity))
    throw optionError(name, 'initialGap', 'a number of draws >= 1', initialGap);
}
