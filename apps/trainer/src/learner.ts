import {
  createRandom,
  hashIds,
  type Impression,
  type Offsets,
  type QueryInput,
  type Snapshot,
  type SnapshotPatch,
  type Stateful,
} from '@gatehouse/domain';
import { createPopularity } from '@gatehouse/evaluation';
import { createEventWindow, type StatefulUserState } from '@gatehouse/events';
import { createEstimatorCheck, createFrequencyEstimator } from '@gatehouse/sampling';
import type { Schema } from '@gatehouse/schema';
import {
  canariesPart,
  createCanaryQueries,
  createTrainStep,
  createTwoTowerModel,
  NonFiniteStepError,
  schemaPart,
  snapshotSchema,
  type StepResult,
  type TwoTowerModel,
} from '@gatehouse/towers';

import type { ImpressionBatch } from './cut-batches';
import { diagnose, type Diagnostics } from './diagnostics';
import { type Example, type FeaturesOf, queryOf } from './examples';
import { createNegativeSources } from './negative-sources';
import { createOutcomes, type Outcomes } from './outcomes';
import { createPrequential, type PrequentialOptions, type PrequentialSums } from './prequential';
import { createProgress, type ProgressCounts } from './progress';
import { stageAt, type TrainingStage } from './stage-at';
import type { TrainerCatalogue } from './trainer-catalogue';

/** Queries that each version carries as proof against skew between training and serving. */
const canaryCount = 1024;
/** Draws that the estimator is checked against: enough for the items that make up most of the stream. */
const checkWindowDraws = 16_384;
/** What became of one batch. */
export interface LearnOutcome {
  /** Mean over the updates; undefined when nothing was learned. */
  readonly loss: number | undefined;
  /** Why the batch was given up, and that no weight was changed by what failed. */
  readonly refused?: NonFiniteStepError;
  /** Present after every so many batches; see {@link LearnerInputs.measureEveryBatches}. */
  readonly diagnostics?: Diagnostics;
}

/** Everything that changes as the stream is learned: what it registers is what a checkpoint holds. */
export interface Learner {
  readonly model: TwoTowerModel;
  /** Next offsets to read. */
  readonly offsets: Offsets;
  readonly counts: ProgressCounts;
  readonly prequential: PrequentialSums;
  /** Whether an event was part of a batch that was learned, as far back as the window of events goes. */
  readonly hasLearned: (eventId: string) => boolean;
  /** The query of an impression, as learning it now would see it. */
  readonly queryOf: (impression: Impression) => QueryInput;
  /** The registered parts, in order. */
  readonly parts: readonly Stateful[];
  /**
   * Learns one batch, whole and without waiting. A batch whose loss or gradient is not finite is given up: its events are counted, but
   * change no weight.
   */
  learn(batch: ImpressionBatch): LearnOutcome;
  /** Every part, and beside them what embedder and retriever read: schema and canaries. */
  snapshot(): Readonly<Record<string, Snapshot>>;
  /** As {@link snapshot}, but of each part that can tell it, only what changed since the last {@link saved}. */
  patch(): Readonly<Record<string, Snapshot | SnapshotPatch>>;
  /** Tells every part that what the learner gave last is durable, before it learns on. */
  saved(): void;
  /** @throws RangeError when a part is missing or does not fit the schema. */
  restore(parts: Readonly<Record<string, Snapshot>>, offsets: Offsets): void;
  dispose(): void;
}

/** What a learner works on. */
export interface LearnerInputs {
  readonly schema: Schema;
  readonly catalogue: TrainerCatalogue;
  readonly userState: StatefulUserState;
  /** @default nothing is known of anybody */
  readonly featuresOf?: FeaturesOf;
  readonly evaluation: PrequentialOptions;
  /** Events that are known again when they come twice, at least 15/16 of it. */
  readonly eventWindow: number;
  /** Batches from one measurement of learning to the next. @default never */
  readonly measureEveryBatches?: number;
}

/** Creates a learner with random weights that has seen nothing. */
export function createLearner(inputs: LearnerInputs): Learner {
  const { schema, catalogue, userState, evaluation, eventWindow } = inputs;
  const { featuresOf = () => ({}), measureEveryBatches = Infinity } = inputs;
  const { seed } = schema.training;
  const random = {
    rows: createRandom('random.rows', seed),
    dropout: createRandom('random.dropout', seed + 1),
    negatives: createRandom('random.negatives', seed + 2),
  };
  const model = createTwoTowerModel(schema, random.rows);
  const step = createTrainStep(model, random.dropout);
  const frequency = createFrequencyEstimator('frequency', schema.estimator);
  const frequencyCheck = createEstimatorCheck('frequency.check', frequency, checkWindowDraws);
  const negatives = createNegativeSources(schema, catalogue, frequency, random.negatives);
  const popularity = createPopularity('popularity');
  const prequential = createPrequential(model, catalogue, popularity, evaluation);
  const canaries = createCanaryQueries(canaryCount);
  const progress = createProgress();
  const events = createEventWindow('events.recent', eventWindow);
  const joining = schema.outcomes && createOutcomes('outcomes', schema.outcomes);
  const outcomes = joining ?? knownAtOnce;
  let offsets: Offsets = {};

  const parts: readonly Stateful[] = [
    ...model.parts,
    ...step.parts,
    frequency,
    frequencyCheck,
    ...negatives.parts,
    ...Object.values(random),
    userState,
    catalogue,
    popularity,
    ...prequential.parts,
    canaries,
    ...(joining ? [joining] : []),
    events,
    progress,
  ];

  /** Walks the events in order: each query sees exactly the events before it. */
  const collectExamples = ({ impressions, partitions }: ImpressionBatch, end: Offsets): Collected => {
    const examples: Example[] = [];
    const counts = { joined: 0, late: 0, corrected: 0, unweighted: 0 };
    impressions.forEach((impression, i) => {
      const { weight } = schema.actions[impression.action];
      const { fate, joined, notActedOn } = outcomes.take(impression, weight, partitions[i] ?? 0);
      for (const shown of notActedOn) negatives.observe(shown, 0);
      counts.joined += joined;
      counts.unweighted += notActedOn.length + Number(fate === 'shown' || fate === 'repeated');
      counts.late += Number(fate === 'late');
      counts.corrected += Number(fate === 'correct');
      if (fate === 'learn' || fate === 'correct') {
        examples.push({
          query: queryOf(impression, userState, featuresOf),
          candidate: catalogue.candidate(impression.itemId),
          weight,
          ...negatives.against(impression),
        });
      }
      if (weight > 0 || fate === 'shown') negatives.observe(impression, weight);
      userState.apply([impression], end);
    });
    return { examples, counts: { ...counts, pending: outcomes.pending } };
  };

  const update = (
    examples: readonly Example[],
    u: number,
    { hardShare, rateScale }: TrainingStage,
    measures: boolean,
  ): StepResult => {
    const { draws, logQ } = negatives.mix(examples);
    return step.run({
      queries: examples.map(({ query }) => query),
      candidates: [
        ...examples.map(({ candidate }) => candidate),
        ...draws.map((itemId) => catalogue.candidate(itemId)),
      ],
      logQ,
      weights: Float32Array.from(examples, ({ weight }) => weight),
      hard: negatives.hard(examples, hardShare),
      teacherScores: Float32Array.from(examples, ({ teacherScore }) => teacherScore ?? NaN),
      isRepeated: u > 0,
      rateScale,
      measures,
      ...(negatives.memory && { memory: negatives.memory }),
    });
  };

  const positivesSeen = (): number => progress.counts.applied + progress.counts.skipped;

  /** Several optimiser steps on one batch, each with fresh negatives; the last one is measured. */
  const runUpdates = (examples: readonly Example[], measures: boolean): Updates => {
    const { updatesPerBatch, schedule } = schema.training;
    const first = progress.counts.batches * updatesPerBatch;
    let sum = 0;
    let last: StepResult | undefined;
    let stage: TrainingStage | undefined;
    try {
      for (let u = 0; u < updatesPerBatch; u++) {
        stage = stageAt(schedule, first + u);
        last = update(examples, u, stage, measures && u + 1 === updatesPerBatch);
        sum += last.loss;
      }
      const { positiveVectors } = last as StepResult;
      negatives.remember(examples, positiveVectors);
      return { loss: sum / updatesPerBatch, last, stage };
    } catch (error) {
      if (error instanceof NonFiniteStepError) return { refused: error, last, stage };
      throw error;
    }
  };

  return {
    model,
    hasLearned: events.has,
    queryOf: (impression) => queryOf(impression, userState, featuresOf),
    parts,
    get offsets() {
      return offsets;
    },
    get counts() {
      return progress.counts;
    },
    get prequential() {
      return prequential.sums;
    },
    learn: (batch) => {
      const end = mergeOffsets(offsets, batch.endOffsets);
      const { examples, counts } = collectExamples(batch, end);
      const measures = examples.length > 0 && (progress.counts.batches + 1) % measureEveryBatches === 0;
      const topPopularity = prequential.score(examples, measures);
      const itemIds = examples.map(({ candidate }) => candidate.itemId);
      frequency.observe(hashIds(itemIds)); // once, however many updates follow
      frequencyCheck.observe(itemIds);
      const updates: Updates = examples.length > 0 ? runUpdates(examples, measures) : {};
      for (const { query, candidate } of examples) canaries.add(query, candidate.itemId);
      // A batch of which no update was made has changed no weight.
      const learned = updates.last ? examples.length : 0;
      progress.add({
        applied: learned,
        skipped: examples.length - learned,
        ...counts,
        deadLettered: batch.rejected.length,
        duplicates: batch.duplicates,
        withoutRecord: batch.withoutRecord,
        ...(updates.loss !== undefined && { loss: updates.loss }),
        refused: updates.refused !== undefined,
        eventTimeMs: Math.max(0, ...examples.map(({ query }) => query.requestTimeMs)),
      });
      for (const { eventId } of batch.impressions) events.add(eventId);
      offsets = end;
      const { refused, last, stage } = updates;
      return {
        loss: updates.loss,
        ...(refused && { refused }),
        ...(measures &&
          last?.measures &&
          stage && {
            diagnostics: diagnose(last, stage, {
              itemIds,
              topPopularity,
              popularity,
              draws: positivesSeen(),
              frequencyCheck,
              model,
              step,
            }),
          }),
      };
    },
    snapshot: () => ({
      ...Object.fromEntries(parts.map((part) => [part.name, part.snapshot()])),
      [schemaPart]: snapshotSchema(schema),
      [canariesPart]: canaries.snapshotFor(model.query),
    }),
    patch: () => ({
      ...Object.fromEntries(parts.map((part) => [part.name, part.patch?.() ?? part.snapshot()])),
      [schemaPart]: snapshotSchema(schema),
      [canariesPart]: canaries.snapshotFor(model.query),
    }),
    saved: () => {
      for (const part of parts) part.saved?.();
    },
    restore: (saved, at) => {
      for (const part of parts) {
        const snapshot = saved[part.name];
        if (!snapshot)
          throw new RangeError(`checkpoint: expected part ${part.name}, found ${Object.keys(saved).join(', ')}`);
        part.restore(snapshot);
      }
      offsets = at;
    },
    dispose: () => prequential.dispose(),
  };
}

/** What the events of one batch gave. */
interface Collected {
  readonly examples: Example[];
  readonly counts: Readonly<Record<'joined' | 'pending' | 'late' | 'corrected' | 'unweighted', number>>;
}

/** Without a wait, what was shown was not acted on. */
const knownAtOnce: Pick<Outcomes, 'take' | 'pending'> = {
  take: (_, weight) => ({ fate: weight > 0 ? 'learn' : 'shown', joined: 0, notActedOn: [] }),
  pending: 0,
};

/** What the optimiser steps on one batch gave. */
interface Updates {
  /** Mean over all of them; absent when one was refused. */
  readonly loss?: number;
  readonly refused?: NonFiniteStepError;
  /** The last one that was made. */
  readonly last?: StepResult | undefined;
  readonly stage?: TrainingStage | undefined;
}

function mergeOffsets(before: Offsets, after: Offsets): Offsets {
  const merged: Record<string, Readonly<Record<number, number>>> = { ...before };
  for (const [topic, partitions] of Object.entries(after)) merged[topic] = { ...merged[topic], ...partitions };
  return merged;
}
