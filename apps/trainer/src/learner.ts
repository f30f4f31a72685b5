import { createRandom, hashIds, type Impression, type Offsets, type Snapshot, type Stateful } from '@gatehouse/domain';
import { createPopularity } from '@gatehouse/evaluation';
import type { StatefulUserState } from '@gatehouse/events';
import { createFrequencyEstimator, createNegativeMixer } from '@gatehouse/sampling';
import type { Schema } from '@gatehouse/schema';
import {
  canariesPart,
  createCanaryQueries,
  createTrainStep,
  createTwoTowerModel,
  schemaPart,
  snapshotSchema,
  type TwoTowerModel,
} from '@gatehouse/towers';

import type { ImpressionBatch } from './cut-batches';
import { type Example, queryOf } from './examples';
import { createPrequential, type PrequentialOptions, type PrequentialSums } from './prequential';
import { createProgress, type ProgressCounts } from './progress';
import type { TrainerCatalogue } from './trainer-catalogue';

/** Queries that each version carries as proof against skew between training and serving. */
const canaryCount = 1024;

/** Everything that changes as the stream is learned: what it registers is what a checkpoint holds. */
export interface Learner {
  readonly model: TwoTowerModel;
  /** Next offsets to read. */
  readonly offsets: Offsets;
  readonly counts: ProgressCounts;
  readonly prequential: PrequentialSums;
  /** The registered parts, in order. */
  readonly parts: readonly Stateful[];
  /** Learns one batch, whole and without waiting, and returns its mean loss; undefined when the batch has no positive. */
  learn(batch: ImpressionBatch): number | undefined;
  /** Every part, and beside them what embedder and retriever read: schema and canaries. */
  snapshot(): Readonly<Record<string, Snapshot>>;
  /** @throws RangeError when a part is missing or does not fit the schema. */
  restore(parts: Readonly<Record<string, Snapshot>>, offsets: Offsets): void;
  dispose(): void;
}

/** What a learner works on. */
export interface LearnerInputs {
  readonly schema: Schema;
  readonly catalogue: TrainerCatalogue;
  readonly userState: StatefulUserState;
  readonly evaluation: PrequentialOptions;
}

/** Creates a learner with random weights that has seen nothing. */
export function createLearner({ schema, catalogue, userState, evaluation }: LearnerInputs): Learner {
  const { seed } = schema.training;
  const random = {
    rows: createRandom('random.rows', seed),
    dropout: createRandom('random.dropout', seed + 1),
    negatives: createRandom('random.negatives', seed + 2),
  };
  const model = createTwoTowerModel(schema, random.rows);
  const step = createTrainStep(model, random.dropout);
  const frequency = createFrequencyEstimator('frequency', schema.estimator);
  const negatives = createNegativeMixer({
    estimator: frequency,
    random: random.negatives,
    inBatch: schema.negatives.inBatch,
    uniform: schema.negatives.uniform,
  });
  const popularity = createPopularity('popularity');
  const prequential = createPrequential(model, catalogue, popularity, evaluation);
  const canaries = createCanaryQueries(canaryCount);
  const progress = createProgress();
  let offsets: Offsets = {};

  const parts: readonly Stateful[] = [
    ...model.parts,
    ...step.parts,
    frequency,
    ...Object.values(random),
    userState,
    catalogue,
    popularity,
    ...prequential.parts,
    canaries,
    progress,
  ];

  /** Walks the events in order: each query sees exactly the events before it. */
  const collectExamples = (impressions: readonly Impression[], end: Offsets): Example[] => {
    const examples: Example[] = [];
    for (const impression of impressions) {
      const weight = schema.actions[impression.action].weight;
      if (weight > 0) {
        examples.push({
          query: queryOf(impression, userState),
          candidate: catalogue.candidate(impression.itemId),
          weight,
        });
      }
      userState.apply([impression], end);
    }
    return examples;
  };

  const update = (examples: readonly Example[]): number => {
    const mixed = negatives.mix({
      positiveKeys: hashIds(examples.map(({ candidate }) => candidate.itemId)),
      positiveInCatalogue: Uint8Array.from(examples, ({ candidate }) =>
        Number(catalogue.positionOf(candidate.itemId) !== undefined),
      ),
      catalogueKeys: catalogue.keys,
    });
    return step.run({
      queries: examples.map(({ query }) => query),
      candidates: [
        ...examples.map(({ candidate }) => candidate),
        ...Array.from(mixed.draws, (position) => catalogue.items[position]),
      ],
      logQ: mixed.logQ,
      weights: Float32Array.from(examples, ({ weight }) => weight),
    });
  };

  /** Several optimiser steps on one batch, each with fresh negatives. */
  const meanLoss = (examples: readonly Example[]): number => {
    const { updatesPerBatch } = schema.training;
    let sum = 0;
    for (let u = 0; u < updatesPerBatch; u++) sum += update(examples);
    return sum / updatesPerBatch;
  };

  return {
    model,
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
      const examples = collectExamples(batch.impressions, end);
      prequential.score(examples);
      frequency.observe(hashIds(examples.map(({ candidate }) => candidate.itemId))); // once, however many updates follow
      const loss = examples.length > 0 ? meanLoss(examples) : undefined;
      for (const { query, candidate } of examples) canaries.add(query, candidate.itemId);
      progress.add({
        applied: examples.length,
        unweighted: batch.impressions.length - examples.length,
        deadLettered: batch.rejected.length,
        ...(loss !== undefined && { loss }),
        eventTimeMs: Math.max(0, ...examples.map(({ query }) => query.requestTimeMs)),
      });
      offsets = end;
      return loss;
    },
    snapshot: () => ({
      ...Object.fromEntries(parts.map((part) => [part.name, part.snapshot()])),
      [schemaPart]: snapshotSchema(schema),
      [canariesPart]: canaries.snapshotFor(model.query),
    }),
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

function mergeOffsets(before: Offsets, after: Offsets): Offsets {
  const merged: Record<string, Readonly<Record<number, number>>> = { ...before };
  for (const [topic, partitions] of Object.entries(after)) merged[topic] = { ...merged[topic], ...partitions };
  return merged;
}
