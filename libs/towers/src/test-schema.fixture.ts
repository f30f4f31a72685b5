import type { CandidateInput, QueryInput } from '@gatehouse/domain';
import type { Schema, StageSpec, TableSpec } from '@gatehouse/schema';

import type { TrainBatch } from './train-step';

/** A keyed table of three numbers a row, with some settings changed. */
export function testTable(changes: Partial<TableSpec> = {}): TableSpec {
  return {
    dimension: 3,
    kind: 'keyed',
    rows: 0,
    optimizer: 'adagrad',
    learningRate: 0.1,
    initialScale: 0.5,
    admitAfter: 1,
    expireAfterMs: null,
    capacity: null,
    ...changes,
  };
}

const steadyStage: StageSpec = {
  name: 'steady',
  steps: null,
  hardShare: { from: 1, to: 1 },
  learningRateScale: { from: 1, to: 1 },
};

/** A small schema: user id plus history against item id, no layers. */
export function testSchema(changes: Partial<Schema> = {}): Schema {
  return {
    hash: 'test',
    actions: { click: { weight: 1, seen: true } },
    attributes: {},
    outcomes: null,
    userState: { historyLimit: 3, seenLimit: 100 },
    tables: { users: testTable(), items: testTable() },
    query: {
      features: [
        { kind: 'id', name: 'user', table: 'users', dropout: 0 },
        { kind: 'history', name: 'history', table: 'items', length: 3, decay: 0.8 },
      ],
      combine: 'sum',
      layers: [],
    },
    candidate: {
      features: [{ kind: 'id', name: 'item', table: 'items', dropout: 0 }],
      combine: 'sum',
      layers: [],
    },
    outputDimension: 3,
    score: { similarity: 'cosine', temperature: 0.2, learnTemperature: false },
    loss: { kind: 'softmax', form: 'corrected', matryoshka: [3] },
    negatives: {
      inBatch: true,
      uniform: 0,
      popularity: 0,
      popularityWindow: 1024,
      memory: 0,
      memoryMaxAgeBatches: 8,
      hard: 0,
    },
    estimator: { kind: 'exact' },
    training: {
      batchSize: 4,
      updatesPerBatch: 1,
      denseLearningRate: 0.01,
      schedule: { stages: [steadyStage], repeatFrom: null },
      seed: 1,
    },
    ...changes,
  };
}

/** A query of a user with a history, oldest first. */
export function testQuery(userId: string, history: readonly string[] = []): QueryInput {
  return {
    userId,
    features: {},
    history: history.map((itemId, i) => ({ itemId, eventTimeMs: i })),
    context: {},
    requestTimeMs: 1000,
  };
}

/** An item without features. */
export function testItem(itemId: string): CandidateInput {
  return { itemId, features: {} };
}

/** Users with the item that each took, then the draws; every weight is 1 and every expected count. */
export function testBatch(pairs: readonly (readonly [string, string])[], draws: readonly string[] = []): TrainBatch {
  const candidates = [...pairs.map(([, item]) => item), ...draws].map(testItem);
  return {
    queries: pairs.map(([user]) => testQuery(user)),
    candidates,
    logQ: new Float32Array(candidates.length),
    weights: new Float32Array(pairs.length).fill(1),
  };
}
