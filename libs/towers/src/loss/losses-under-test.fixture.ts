import { createRandom } from '@gatehouse/domain';
import type { LossSpec, RowLossSpec } from '@gatehouse/schema';

import type { PlainLossInput } from './plain-loss.fixture';

/** A loss, and which laws it has. */
export interface LossUnderTest {
  readonly name: string;
  readonly spec: RowLossSpec;
  /** It looks at shared candidates. */
  readonly usesShared: boolean;
  /** It looks at scores, not at scores over the temperature. */
  readonly onScores: boolean;
  /** The same number added to every score changes nothing. */
  readonly shifts: boolean;
  /** It approaches its value over the whole catalogue as candidates grow. */
  readonly hasLimit: boolean;
}

const softmax = { usesShared: true, onScores: false, shifts: true };

/** Every loss. One that is added gets every law here. */
export const UNDER_TEST: readonly LossUnderTest[] = [
  { name: 'softmax standard', spec: { kind: 'softmax', form: 'standard' }, ...softmax, hasLimit: false },
  { name: 'softmax corrected', spec: { kind: 'softmax', form: 'corrected' }, ...softmax, hasLimit: true },
  { name: 'softmax decoupled', spec: { kind: 'softmax', form: 'decoupled' }, ...softmax, hasLimit: true },
  { name: 'info-nce', spec: { kind: 'info-nce' }, ...softmax, hasLimit: false },
  { name: 'dpr', spec: { kind: 'dpr' }, ...softmax, hasLimit: false },
  { name: 'bpr', spec: { kind: 'bpr' }, ...softmax, hasLimit: true },
  { name: 'hinge', spec: { kind: 'hinge', margin: 0.6 }, ...softmax, onScores: true, hasLimit: true },
  { name: 'triplet', spec: { kind: 'triplet', margin: 0.7 }, ...softmax, onScores: true, hasLimit: false },
  { name: 'nce', spec: { kind: 'nce' }, ...softmax, shifts: false, hasLimit: false },
  { name: 'binary-cross-entropy', spec: { kind: 'binary-cross-entropy' }, ...softmax, shifts: false, hasLimit: true },
  {
    name: 'margin-mse',
    spec: { kind: 'margin-mse', teacher: 'context.score' },
    usesShared: false,
    onScores: true,
    shifts: true,
    hasLimit: false,
  },
  {
    name: 'kl',
    spec: { kind: 'kl', teacher: 'context.score' },
    usesShared: false,
    onScores: false,
    shifts: true,
    hasLimit: false,
  },
];

/** A spec with its prefixes. */
export function lossSpec(spec: RowLossSpec, matryoshka: readonly number[]): LossSpec {
  return { ...spec, matryoshka };
}

export const dimension = 3;

/**
 * A random step: equal items have equal vectors and log Q, some draws repeat positives, some hard negatives repeat draws, each other
 * or the row's positive, some are missing, and a teacher does not know all.
 */
export function randomLossInput(spec: RowLossSpec, seed: number, batch = 5, draws = 7): PlainLossInput {
  const random = createRandom('loss', seed);
  const [items, hardPerRow] = [batch + 4, 3];
  const unit = (): number[] => {
    const vector = Array.from({ length: dimension }, () => 2 * random.next() - 1);
    return vector.map((value) => value / Math.hypot(...vector));
  };
  const catalogue = Array.from({ length: items }, () => ({ vector: unit(), logQ: 3 * random.next() - 2 }));
  const codes = Array.from({ length: batch + draws + batch * hardPerRow }, () => random.below(items));
  const hard = Array.from({ length: batch }, (_, i) =>
    Array.from({ length: hardPerRow }, (_k, k) => (random.next() < 0.25 ? -1 : batch + draws + i * hardPerRow + k)),
  );
  return {
    queries: Array.from({ length: batch }, unit),
    candidates: codes.map((code) => catalogue[code].vector),
    logQ: codes.slice(0, batch + draws).map((code) => catalogue[code].logQ),
    itemCodes: codes,
    weights: Array.from({ length: batch }, () => 0.25 + random.next()),
    hard,
    teacher: hard.map((row) => [0, ...row].map(() => (random.next() < 0.15 ? NaN : 4 * random.next() - 2))),
    temperature: 0.4,
    similarity: 'cosine',
    inBatch: true,
    loss: lossSpec(spec, [dimension]),
  };
}
