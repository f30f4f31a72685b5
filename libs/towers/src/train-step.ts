import type { CandidateInput, QueryInput, Random, Stateful } from '@gatehouse/domain';

import { type Adam, createAdam } from './dense/adam';
import { sampledSoftmax } from './loss/sampled-softmax';
import type { EmbeddingTable } from './tables/embedding-table';
import { createRowGradients, type RowGradients } from './tables/row-gradients';
import { createRowWiseAdagrad, type RowOptimizer } from './tables/row-wise-adagrad';
import * as tf from './tf';
import type { Tower } from './tower';
import type { TwoTowerModel } from './two-tower-model';

/** One step's examples and candidates. */
export interface TrainBatch {
  /** `[batch]` */
  readonly queries: readonly QueryInput[];
  /** The item of each query, then the draws from outside of the batch, `[candidates]`. */
  readonly candidates: readonly CandidateInput[];
  /** log Q of each candidate, `[candidates]`; see {@link sampledSoftmax}. */
  readonly logQ: Float32Array;
  /** Weight of each example, `[batch]`. */
  readonly weights: Float32Array;
}

/** Optimisers of a model and the step that drives them. */
export interface TrainStep {
  /**
   * Runs one optimiser step and returns the loss before it. Leaves no tensor behind.
   * @throws NonFiniteLossError before any weight has changed.
   */
  run(batch: TrainBatch): number;
  /** Optimiser states to save and restore. */
  readonly parts: readonly Stateful[];
}

/** The loss is NaN or infinite: inputs or weights are broken, and no weight was changed. */
export class NonFiniteLossError extends Error {
  override readonly name = 'NonFiniteLossError';
  constructor(readonly loss: number) {
    super(`train step: expected a finite loss, found ${loss}; no weight was changed`);
  }
}

/**
 * Prepares training of a model: row-wise Adagrad on the tables, Adam on the dense layers.
 *
 * @param dropout draws id dropout; its state belongs into the checkpoint.
 * @example
 * const step = createTrainStep(model, createRandom('dropout', 1));
 * const loss = step.run({ queries, candidates, logQ, weights });
 */
export function createTrainStep(model: TwoTowerModel, dropout: Random): TrainStep {
  const { schema, query, candidate } = model;
  const optimised = new Map<string, OptimisedTable>();
  for (const [name, table] of model.tables) {
    const optimizer = createRowWiseAdagrad(`table.${name}.adagrad`, table, schema.tables[name].learningRate);
    optimised.set(name, { table, optimizer, gradients: createRowGradients(table) });
  }
  const gradientsOf = (features: readonly { readonly table: string }[]): RowGradients[] =>
    features.map(({ table }) => (optimised.get(table) as OptimisedTable).gradients); // the schema checked it
  const queryRows = gradientsOf(schema.query.features);
  const candidateRows = gradientsOf(schema.candidate.features);
  const queryAdam = createDenseAdam(query, schema.training.denseLearningRate);
  const candidateAdam = createDenseAdam(candidate, schema.training.denseLearningRate);

  const run = (batch: TrainBatch): number => {
    const training = { grow: true, dropout };
    const candidates = candidate.encode(batch.candidates, training); // first, so that histories find the rows of new items
    const queries = query.encode(batch.queries, training);
    try {
      return tf.tidy(() => {
        const queryPass = query.forward(queries);
        const candidatePass = candidate.forward(candidates);
        const { loss, queryGradient, candidateGradient } = sampledSoftmax({
          queries: queryPass.output,
          candidates: candidatePass.output,
          logQ: batch.logQ,
          itemCodes: itemCodes(batch.candidates),
          weights: batch.weights,
          temperature: schema.score.temperature,
          form: schema.loss.kind === 'softmax' ? schema.loss.form : 'corrected',
          inBatch: schema.negatives.inBatch,
        });
        if (!Number.isFinite(loss)) throw new NonFiniteLossError(loss);
        const queryWeights = queryPass.backward(queryGradient, queryRows);
        const candidateWeights = candidatePass.backward(candidateGradient, candidateRows);
        queryAdam.apply(query.dense.weights, queryWeights);
        candidateAdam.apply(candidate.dense.weights, candidateWeights);
        for (const { optimizer, gradients } of optimised.values()) optimizer.apply(gradients);
        return loss;
      });
    } finally {
      for (const { gradients } of optimised.values()) gradients.clear(); // also when the step failed half-way
    }
  };

  return { run, parts: [...[...optimised.values()].map(({ optimizer }) => optimizer), queryAdam, candidateAdam] };
}

interface OptimisedTable {
  readonly table: EmbeddingTable;
  readonly optimizer: RowOptimizer;
  readonly gradients: RowGradients;
}

function createDenseAdam<Input>({ dense }: Tower<Input>, learningRate: number): Adam {
  return createAdam(`${dense.name}.adam`, dense.weights.length, learningRate);
}

/** A number per candidate, equal for equal items, `[candidates]`. */
function itemCodes(candidates: readonly CandidateInput[]): Int32Array {
  const codes = new Map<string, number>();
  return Int32Array.from(candidates, ({ itemId }) => {
    const code = codes.get(itemId) ?? codes.size;
    codes.set(itemId, code);
    return code;
  });
}
