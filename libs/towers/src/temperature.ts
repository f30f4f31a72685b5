import type { Snapshot, Stateful } from '@gatehouse/domain';
import { tensorOf } from '@gatehouse/domain';
import type { ScoreSpec } from '@gatehouse/schema';

import { createAdam } from './dense/adam';

/** The temperature of the scores, fixed or learned. */
export interface Temperature {
  readonly value: number;
  /** Moves it along `d loss / d log(1 / temperature)`; a fixed one stays. */
  apply(scaleGradient: number, rateScale: number): void;
  /** What a checkpoint holds of it: nothing when it is fixed. */
  readonly parts: readonly Stateful[];
}

/** Bounds of a learned temperature. Below .01 (CLIP's bound) the softmax is a maximum, and training becomes unstable. */
const lowest = 0.01;
const highest = 10;

/**
 * A temperature, learned as `log(1 / temperature)` by Adam when the schema says so, within [0.01, 10].
 * Source: Radford et al. 2021 (CLIP), section 2.5.
 *
 * @example createTemperature({ similarity: 'cosine', temperature: 0.1, learnTemperature: true }, 0.001).value; // 0.1
 */
export function createTemperature(score: ScoreSpec, learningRate: number): Temperature {
  if (!score.learnTemperature) return { value: score.temperature, apply: () => undefined, parts: [] };
  const name = 'temperature';
  const logScale = Float32Array.of(-Math.log(score.temperature));
  const adam = createAdam(`${name}.adam`, 1, learningRate);
  const part: Stateful = {
    name,
    snapshot: (): Snapshot => ({ tensors: { logScale: { dtype: 'F32', shape: [1], data: logScale } }, metadata: null }),
    restore: (snapshot) => logScale.set(tensorOf(name, snapshot, 'logScale', 'F32', 1)),
  };
  return {
    get value() {
      return Math.exp(-logScale[0]);
    },
    apply: (scaleGradient, rateScale) => {
      adam.apply(logScale, Float32Array.of(scaleGradient), rateScale);
      logScale[0] = Math.min(-Math.log(lowest), Math.max(-Math.log(highest), logScale[0]));
    },
    parts: [part, adam],
  };
}
