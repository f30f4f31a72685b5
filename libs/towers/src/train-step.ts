import type { CandidateInput, ItemId, QueryInput, Random, Stateful } from '@gatehouse/domain';

import type { CandidateMemory } from './candidate-memory';
import { type Adam, createAdam } from './dense/adam';
import { candidateLoss } from './loss/candidate-loss';
import type { LossMeasures } from './loss/loss-measures';
import type { EmbeddingTable } from './tables/embedding-table';
import { createRowGradients, type RowGradients } from './tables/row-gradients';
import { createRowOptimizer, type RowOptimizer } from './tables/row-optimizer';
import { createTemperature } from './temperature';
import * as tf from './tf';
import type { Tower, TowerPass } from './tower';
import type { TwoTowerModel } from './two-tower-model';

/** One step's examples and candidates. */
export interface TrainBatch {
  /** `[batch]` */
  readonly queries: readonly QueryInput[];
  /** The item of each query, then the draws from outside of the batch, `[batch + draws]`. */
  readonly candidates: readonly CandidateInput[];
  /** log Q of each shared candidate: `candidates`, then the memory, `[batch + draws + memory]`; see {@link candidateLoss}. */
  readonly logQ: Float32Array;
  /** Weight of each example, `[batch]`. */
  readonly weights: Float32Array;
  /** Hard negatives of each row, at most as many as the schema says, `[batch]`. @default none */
  readonly hard?: readonly (readonly HardNegative[])[];
  /** A teacher's score of each positive, `[batch]`; NaN where it is unknown. @default all unknown */
  readonly teacherScores?: Float32Array;
  /** Vectors of earlier batches that serve as candidates. @default none */
  readonly memory?: Pick<CandidateMemory, 'itemIds' | 'vectors'>;
  /** Whether an earlier step had the same queries: their ids are not counted again. @default false */
  readonly isRepeated?: boolean;
  /** Factor of every learning rate. @default 1 */
  readonly rateScale?: number;
  /** Whether to measure the candidates, which costs a pass over their logits. @default false */
  readonly measures?: boolean;
}

/** A candidate that one row alone sees. */
export interface HardNegative {
  readonly candidate: CandidateInput;
  /** NaN where it is unknown. */
  readonly teacherScore: number;
}

/** What one step says of itself. */
export interface StepResult {
  /** Before the step. */
  readonly loss: number;
  /** Lengths of the gradient of all dense weights and of all touched rows. */
  readonly denseGradientNorm: number;
  readonly rowGradientNorm: number;
  /** Vectors of the positives before the step, `[batch, dimension]`. */
  readonly positiveVectors: () => Float32Array;
  /** Present when they were asked for. */
  readonly measures?: LossMeasures | undefined;
}

/** Optimisers of a model and the step that drives them. */
export interface TrainStep {
  /**
   * Runs one optimiser step. Leaves no tensor behind.
   * @throws NonFiniteStepError before any weight has changed.
   */
  run(batch: TrainBatch): StepResult;
  readonly temperature: number;
  /** Optimiser states to save and restore. */
  readonly parts: readonly Stateful[];
}

/** Loss or gradient is NaN or infinite: inputs or weights are broken, and no weight was changed. */
export class NonFiniteStepError extends Error {
  override readonly name = 'NonFiniteStepError';
  constructor(
    readonly quantity: 'loss' | 'gradient of the dense weights' | 'gradient of the rows',
    readonly found: number,
  ) {
    super(`train step: ${quantity}: expected a finite number, found ${found}; no weight was changed`);
  }
}

/**
 * Prepares training of a model: an optimiser for each table, Adam on the dense layers and on a learned temperature.
 *
 * @param dropout draws id dropout; its state belongs into the checkpoint.
 * @example
 * const step = createTrainStep(model, createRandom('dropout', 1));
 * const { loss } = step.run({ queries, candidates, logQ, weights });
 */
export function createTrainStep(model: TwoTowerModel, dropout: Random): TrainStep {
  const { schema, query, candidate } = model;
  const optimised = new Map<string, OptimisedTable>();
  for (const [name, table] of model.tables) {
    const optimizer = createRowOptimizer(table, schema.tables[name]);
    optimised.set(name, { table, optimizer, gradients: createRowGradients(table) });
  }
  const gradientsOf = (features: readonly { readonly table: string }[]): RowGradients[] =>
    features.map(({ table }) => (optimised.get(table) as OptimisedTable).gradients); // the schema checked it
  const queryRows = gradientsOf(schema.query.features);
  const candidateRows = gradientsOf(schema.candidate.features);
  const queryAdam = createDenseAdam(query, schema.training.denseLearningRate);
  const candidateAdam = createDenseAdam(candidate, schema.training.denseLearningRate);
  const temperature = createTemperature(schema.score, schema.training.denseLearningRate);

  const computeLoss = (batch: TrainBatch, queryPass: TowerPass, candidatePass: TowerPass) => {
    const { memory, candidates } = batch;
    const hard = hardSlots(batch, schema.negatives.hard);
    const items = [
      ...candidates.map(({ itemId }) => itemId),
      ...(memory?.itemIds ?? []),
      ...hard.candidates.map(({ itemId }) => itemId),
    ];
    return candidateLoss({
      queries: queryPass.output,
      candidates: insertMemory(candidatePass.output, memory, candidates.length),
      logQ: batch.logQ,
      itemCodes: itemCodes(items),
      weights: batch.weights,
      hardPerRow: schema.negatives.hard,
      hardSlots: hard.slots,
      teacherScores: teacherScores(batch, schema.negatives.hard),
      temperature: temperature.value,
      similarity: schema.score.similarity,
      inBatch: schema.negatives.inBatch,
      loss: schema.loss,
      measure: batch.measures,
    });
  };

  const run = (batch: TrainBatch): StepResult => {
    const { rateScale = 1, memory } = batch;
    const hard = (batch.hard ?? []).flat().map((negative) => negative.candidate);
    const computed = [...batch.candidates, ...hard];
    const eventTimeMs = Math.max(...batch.queries.map(({ requestTimeMs }) => requestTimeMs));
    for (const { table } of optimised.values()) table.beginStep(eventTimeMs);
    const occurrences = batch.isRepeated ? 0 : batch.queries.length;
    const training = { grow: true, occurrences, dropout };
    const candidates = candidate.encode(computed, training); // first, so that histories find the rows of new items
    const queries = query.encode(batch.queries, training);
    let result: StepResult | undefined;
    try {
      tf.tidy(() => {
        const queryPass = query.forward(queries);
        const candidatePass = candidate.forward(candidates);
        const { loss, queryGradient, candidateGradient, scaleGradient, measures } = computeLoss(
          batch,
          queryPass,
          candidatePass,
        );
        if (!Number.isFinite(loss)) throw new NonFiniteStepError('loss', loss);
        const remembered = memory?.itemIds.length ?? 0;
        const ownGradient = dropMemory(candidateGradient, batch.candidates.length, remembered);
        const queryWeights = queryPass.backward(queryGradient, queryRows);
        const candidateWeights = candidatePass.backward(ownGradient, candidateRows);
        const denseGradientNorm = Math.hypot(lengthOf(queryWeights), lengthOf(candidateWeights), scaleGradient);
        const rowGradientNorm = Math.hypot(
          ...[...optimised.values()].map((each) => lengthOf(each.gradients.gradients)),
        );
        if (!Number.isFinite(denseGradientNorm)) {
          throw new NonFiniteStepError('gradient of the dense weights', denseGradientNorm);
        }
        if (!Number.isFinite(rowGradientNorm)) throw new NonFiniteStepError('gradient of the rows', rowGradientNorm);

        const vectors = candidatePass.output
          .dataSync<'float32'>()
          .subarray(0, batch.queries.length * schema.outputDimension);
        queryAdam.apply(query.dense.weights, queryWeights, rateScale);
        candidateAdam.apply(candidate.dense.weights, candidateWeights, rateScale);
        temperature.apply(scaleGradient, rateScale);
        for (const { optimizer, gradients } of optimised.values()) optimizer.apply(gradients, rateScale);
        result = { loss, denseGradientNorm, rowGradientNorm, positiveVectors: () => vectors, measures };
      });
    } finally {
      for (const { gradients } of optimised.values()) gradients.clear(); // also when the step failed half-way
    }
    return result as StepResult;
  };

  return {
    run,
    get temperature() {
      return temperature.value;
    },
    parts: [
      ...[...optimised.values()].map(({ optimizer }) => optimizer),
      queryAdam,
      candidateAdam,
      ...temperature.parts,
    ],
  };
}

interface OptimisedTable {
  readonly table: EmbeddingTable;
  readonly optimizer: RowOptimizer;
  readonly gradients: RowGradients;
}

function createDenseAdam<Input>({ dense }: Tower<Input>, learningRate: number): Adam {
  return createAdam(`${dense.name}.adam`, dense.weights.length, learningRate);
}

/** A number per item, equal for equal items, `[slots]`. */
function itemCodes(itemIds: readonly ItemId[]): Int32Array {
  const codes = new Map<ItemId, number>();
  return Int32Array.from(itemIds, (itemId) => {
    const code = codes.get(itemId) ?? codes.size;
    codes.set(itemId, code);
    return code;
  });
}

/** Hard negatives of all rows, one after the other, and the slot of each row's, `[batch * perRow]`. */
function hardSlots(
  { hard = [], queries, logQ }: TrainBatch,
  perRow: number,
): { readonly candidates: readonly CandidateInput[]; readonly slots: Int32Array } {
  const slots = new Int32Array(queries.length * perRow).fill(-1);
  const candidates: CandidateInput[] = [];
  hard.forEach((negatives, row) => {
    if (negatives.length > perRow) {
      throw new RangeError(`train step: expected at most ${perRow} hard negatives a row, found ${negatives.length}`);
    }
    negatives.forEach((negative, k) => {
      slots[row * perRow + k] = logQ.length + candidates.length;
      candidates.push(negative.candidate);
    });
  });
  return { candidates, slots };
}

/** `[batch * (1 + perRow)]`, as the loss takes them. */
function teacherScores({ teacherScores: ofPositives, hard = [], queries }: TrainBatch, perRow: number): Float32Array {
  const scores = new Float32Array(queries.length * (1 + perRow)).fill(NaN);
  queries.forEach((_, row) => {
    const at = row * (1 + perRow);
    if (ofPositives) scores[at] = ofPositives[row];
    hard[row]?.forEach(({ teacherScore }, k) => (scores[at + 1 + k] = teacherScore));
  });
  return scores;
}

/** Computed vectors with those in memory between the shared and the hard ones, `[slots, dim]`. */
function insertMemory(computed: tf.Tensor2D, memory: TrainBatch['memory'], shared: number): tf.Tensor2D {
  if (!memory || memory.itemIds.length === 0) return computed;
  const [all, dimension] = computed.shape;
  const remembered = tf.tensor2d(memory.vectors, [memory.itemIds.length, dimension]);
  return tf.concat(
    [
      tf.slice(computed, [0, 0], [shared, dimension]),
      remembered,
      tf.slice(computed, [shared, 0], [all - shared, dimension]),
    ],
    0,
  );
}

/** The gradient of {@link insertMemory} by what was computed: nothing flows into the memory. */
function dropMemory(gradient: tf.Tensor2D, shared: number, remembered: number): tf.Tensor2D {
  if (remembered === 0) return gradient;
  const [slots, dimension] = gradient.shape;
  const after = shared + remembered;
  return tf.concat(
    [tf.slice(gradient, [0, 0], [shared, dimension]), tf.slice(gradient, [after, 0], [slots - after, dimension])],
    0,
  );
}

/** Euclidean length. */
function lengthOf(gradient: Float32Array): number {
  let squares = 0;
  for (let i = 0; i < gradient.length; i++) squares += gradient[i] * gradient[i];
  return Math.sqrt(squares);
}
