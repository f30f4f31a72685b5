import { createRandom } from '@gatehouse/domain';

import type { PlainSoftmaxInput } from './plain-softmax.fixture';

/** What a random batch contains. */
export interface RandomSoftmaxShape {
  readonly seed: number;
  readonly batch: number;
  /** Candidates from outside of the batch. */
  readonly draws: number;
  /** Items to choose from: fewer than candidates make repeated items and accidental hits. */
  readonly items: number;
  readonly dimension: number;
  /** Whether weights differ; otherwise each is 1. */
  readonly weighted: boolean;
}

/** A random batch in which equal items have equal vectors and equal log Q. */
export function randomSoftmaxInput(
  { seed, batch, draws, items, dimension, weighted }: RandomSoftmaxShape,
  settings: Pick<PlainSoftmaxInput, 'form' | 'inBatch' | 'temperature'>,
): PlainSoftmaxInput {
  const random = createRandom('softmax', seed);
  const vector = (): number[] => Array.from({ length: dimension }, () => 2 * random.next() - 1);
  const catalogue = Array.from({ length: items }, () => ({ vector: vector(), logQ: 3 * random.next() - 2 }));
  const itemCodes = Array.from({ length: batch + draws }, (_, j) => (items >= batch + draws ? j : random.below(items)));
  return {
    ...settings,
    queries: Array.from({ length: batch }, vector),
    candidates: itemCodes.map((code) => catalogue[code].vector),
    logQ: itemCodes.map((code) => catalogue[code].logQ),
    itemCodes,
    weights: Array.from({ length: batch }, () => (weighted ? 0.25 + random.next() : 1)),
  };
}
