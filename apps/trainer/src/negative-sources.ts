import {
  type CandidateInput,
  createRandom,
  type Impression,
  type ItemId,
  type Random,
  type Stateful,
} from '@gatehouse/domain';
import {
  createNegativeMixer,
  createRecentPositives,
  type FrequencyEstimator,
  type NegativeMix,
} from '@gatehouse/sampling';
import type { Schema } from '@gatehouse/schema';
import { type CandidateMemory, createCandidateMemory, type HardNegative } from '@gatehouse/towers';

import type { Example } from './examples';
import { createRecentShown, scoreOf, type ShownItem } from './recent-shown';
import type { TrainerCatalogue } from './trainer-catalogue';

/** Users whose shown items are remembered, at most. */
const shownUsers = 100_000;

/** Where the negatives of a step come from, as the schema mixes them. */
export interface NegativeSources {
  readonly memory: CandidateMemory | undefined;
  /** What a checkpoint holds: nothing of a source that the schema does not use. */
  readonly parts: readonly Stateful[];
  /** Shown items that stand against a positive, and the teacher's score of it. */
  against(positive: Impression): Pick<Example, 'shown' | 'teacherScore'>;
  /** Takes in an event, in the order of the stream, after {@link against}. */
  observe(impression: Impression, weight: number): void;
  /** Draws shared candidates for a step and corrects all of them. */
  mix(examples: readonly Example[]): NegativeMix;
  /** The hard negatives of each row; each that is at hand is used with probability `share`. */
  hard(examples: readonly Example[], share: number): HardNegative[][];
  /** Takes in a learned batch: its items, and its vectors where there is a memory. */
  remember(examples: readonly Example[], positiveVectors: () => Float32Array): void;
}

/** Creates the sources that a schema names. */
export function createNegativeSources(
  { negatives, loss, outputDimension, training }: Schema,
  catalogue: TrainerCatalogue,
  estimator: FrequencyEstimator,
  random: Random,
): NegativeSources {
  const teacher = 'teacher' in loss ? loss.teacher : undefined;
  const recent =
    negatives.popularity > 0 ? createRecentPositives('negatives.recent', negatives.popularityWindow) : undefined;
  const memory =
    negatives.memory > 0
      ? createCandidateMemory('negatives.memory', {
          capacity: negatives.memory,
          maxAgeBatches: negatives.memoryMaxAgeBatches,
          dimension: outputDimension,
        })
      : undefined;
  const shown =
    negatives.hard > 0
      ? createRecentShown('negatives.shown', { perPositive: negatives.hard, users: shownUsers, teacher })
      : undefined;
  const hardRandom = createRandom('random.hard', training.seed + 3);
  const mixer = createNegativeMixer({
    estimator,
    random,
    inBatch: negatives.inBatch,
    uniform: negatives.uniform,
    ...(recent && { popularity: { draws: negatives.popularity, from: recent } }),
    ...(memory && { memory }),
  });
  const live = {
    get items() {
      return catalogue.items;
    },
    has: (itemId: ItemId) => catalogue.positionOf(itemId) !== undefined,
  };
  const candidateOf = ({ itemId }: ShownItem): CandidateInput => catalogue.candidate(itemId);

  return {
    memory,
    parts: [recent, memory, ...(shown ? [shown, hardRandom] : [])].filter((part) => part !== undefined),
    against: (positive) => ({ shown: shown?.against(positive) ?? [], teacherScore: scoreOf(positive, teacher) }),
    observe: (impression, weight) => shown?.observe(impression, weight),
    mix: (examples) =>
      mixer.mix(
        examples.map(({ candidate }) => candidate.itemId),
        live,
      ),
    hard: (examples, share) =>
      examples.map((example) =>
        example.shown
          .filter(() => share >= 1 || (share > 0 && hardRandom.next() < share))
          .map((item) => ({ candidate: candidateOf(item), teacherScore: item.teacherScore ?? NaN })),
      ),
    remember: (examples, positiveVectors) => {
      const itemIds = examples.map(({ candidate }) => candidate.itemId);
      recent?.add(itemIds);
      memory?.add(itemIds, positiveVectors());
    },
  };
}
