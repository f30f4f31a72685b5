import { createRandom } from '@gatehouse/domain';
import type { Schema } from '@gatehouse/schema';

import { testBatch, testItem, testQuery, testSchema, testTable } from './test-schema.fixture';
import { allRows, fillRows } from './table-rows.fixture';
import * as tf from './tf';
import { createTrainStep, NonFiniteStepError, type TrainStep } from './train-step';
import { createTwoTowerModel, type TwoTowerModel } from './two-tower-model';
import { backendsUnderTest, useBackend } from './use-backend.fixture';

interface Trained {
  readonly model: TwoTowerModel;
  readonly step: TrainStep;
}

/** Ids only, no history: matrix factorisation when the similarity is the plain dot product. */
const idsOnly: Partial<Schema> = {
  query: { ...testSchema().query, features: testSchema().query.features.slice(0, 1) },
  score: { similarity: 'dot', temperature: 1, learnTemperature: false },
};

/** Tables whose optimiser is plain gradient descent at rate .1. */
const plain = { users: testTable({ optimizer: 'sgd' }), items: testTable({ optimizer: 'sgd' }) };

/** Both towers with a hidden layer. */
const withLayers: Partial<Schema> = {
  query: { ...testSchema().query, combine: 'concat', layers: [5] },
  candidate: { ...testSchema().candidate, layers: [5] },
};

function start(change: Partial<Schema> = {}, seed = 1): Trained {
  const model = createTwoTowerModel(testSchema(change), createRandom('rows', seed));
  return { model, step: createTrainStep(model, createRandom('dropout', seed)) };
}

function values({ model }: Trained): number[][] {
  return [...model.tables.values()].map(allRows);
}

function everything({ model, step }: Trained): unknown {
  return structuredClone([...model.parts, ...step.parts].map((part) => part.snapshot()));
}

describe.each(backendsUnderTest())('train step on %s', (backend) => {
  useBackend(backend);

  it('leaves no tensor behind, also when it refuses a batch', () => {
    const { step } = start(withLayers);
    const batch = testBatch(
      [
        ['ann', 'a'],
        ['bob', 'b'],
      ],
      ['c'],
    );
    const before = tf.memory().numTensors;
    step.run(batch);
    expect(() => step.run({ ...batch, weights: Float32Array.of(NaN, 1) })).toThrow(NonFiniteStepError);
    expect(() => step.run({ ...batch, logQ: new Float32Array(1) })).toThrow(RangeError);
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe.each(backendsUnderTest())('train step on %s', (backend) => {
  useBackend(backend);

  it.each(['sgd', 'adagrad'] as const)(
    'is matrix factorisation with ids only, no layers, the dot product and %s',
    (optimizer) => {
      const pairs = [
        ['ann', 'a'],
        ['bob', 'b'],
        ['cid', 'a'],
      ] as const;
      const table = testTable({ optimizer });
      const trained = start({ ...idsOnly, tables: { users: table, items: table } });
      trained.model.candidate.encode(['a', 'b', 'c'].map(testItem), { grow: true });
      trained.model.query.encode(
        ['ann', 'bob', 'cid'].map((user) => testQuery(user)),
        { grow: true },
      );
      const [users, items] = values(trained).map(toRows); // row 0 is the fallback row
      const squares = optimizer === 'adagrad' ? { users: [0, 0, 0, 0], items: [0, 0, 0, 0] } : undefined;
      for (let s = 0; s < 25; s++) {
        const { loss } = trained.step.run(testBatch(pairs, ['c']));
        const expected = factorisationStep(users, items, squares);
        expect(loss).toBeCloseTo(expected, 5);
      }
      const found = values(trained).flat();
      [...users, ...items].flat().forEach((value, i) => expect(found[i]).toBeCloseTo(value, 4));
    },
  );

  it('changes the rows of its batch and no other', () => {
    const trained = start();
    trained.step.run(
      testBatch([
        ['ann', 'a'],
        ['bob', 'b'],
        ['cid', 'c'],
        ['dan', 'd'],
      ]),
    );
    const before = values(trained).map(toRows);
    const batch = testBatch([
      ['bob', 'b'],
      ['dan', 'd'],
    ]);
    trained.step.run({ ...batch, queries: [testQuery('bob', ['a']), testQuery('dan', ['a'])] });
    const changed = values(trained).map((table, t) =>
      toRows(table).flatMap((row, r) => (row.join() === before[t][r].join() ? [] : [r])),
    );
    // Users: one fallback row, then ann, bob, cid, dan. Items: those of history and item, then a, b, c, d; a is in the histories.
    expect(changed).toEqual([
      [2, 4],
      [2, 3, 5],
    ]);
  });

  it.each([
    ['a weight', { weights: Float32Array.of(NaN, 1) }],
    ['log Q', { logQ: Float32Array.of(0, NaN) }],
    ['an infinite log Q', { logQ: Float32Array.of(-Infinity, 0) }],
    ['no weight at all', { weights: new Float32Array(2) }],
  ])('refuses a batch without a finite loss, and goes on as if it had not been: %s', (_what, change) => {
    const [trained, twin] = [start(withLayers), start(withLayers)];
    const batch = testBatch([
      ['ann', 'a'],
      ['bob', 'b'],
    ]);
    for (const { step } of [trained, twin]) step.run(batch);
    expect(() => trained.step.run({ ...batch, ...change })).toThrow(
      /loss: expected a finite number, found NaN; no weight was changed/,
    );
    expect(everything(trained)).toEqual(everything(twin));
    expect(trained.step.run(batch).loss).toBe(twin.step.run(batch).loss);
    expect(everything(trained)).toEqual(everything(twin));
  });

  it('refuses a gradient that overflows, though the loss is finite', () => {
    const score = { similarity: 'dot', temperature: 0.1, learnTemperature: false } as const;
    const [trained, twin] = [start({ ...idsOnly, score }), start({ ...idsOnly, score })];
    const batch = testBatch(
      [
        ['ann', 'a'],
        ['bob', 'b'],
      ],
      ['c'],
    );
    // Users at 0 score 0 with any item, so the loss is log 3. Their gradient is the items' mean over the temperature, 10 * 3e38.
    for (const { model } of [trained, twin]) {
      model.candidate.encode(batch.candidates, { grow: true });
      model.query.encode(batch.queries, { grow: true });
      fillRows(model.tables.get('users')!, 0);
      fillRows(model.tables.get('items')!, 3e38);
    }
    expect(() => trained.step.run(batch)).toThrow(
      /gradient of the rows: expected a finite number, found (NaN|Infinity); no weight was changed/,
    );
    expect(everything(trained)).toEqual(everything(twin));
  });

  it('lets a memory serve as candidates, from which queries alone learn', () => {
    // One row, no draws: all it sees beside its positive is the memory, m = (1, 2, -1). With log Q = 0 the loss is
    // log(exp(q.c) + exp(q.m)) - q.c, so dL/dq = S (m - c) and dL/dc = -S q, S = sigmoid(q.m - q.c), whatever becomes of m.
    const trained = start({ ...idsOnly, tables: plain });
    const memory = { itemIds: ['m'], vectors: Float32Array.of(1, 2, -1) };
    trained.model.candidate.encode([testItem('a')], { grow: true });
    trained.model.query.encode([testQuery('ann')], { grow: true });
    const [users, items] = values(trained).map(toRows);
    const [q, c, m] = [users[1], items[1], [...memory.vectors]];
    const dot = (a: number[], b: number[]): number => a.reduce((sum, value, d) => sum + value * b[d], 0);
    const slope = 1 / (1 + Math.exp(dot(q, c) - dot(q, m)));
    const { loss } = trained.step.run({ ...testBatch([['ann', 'a']]), logQ: new Float32Array(2), memory });
    expect(loss).toBeCloseTo(Math.log(Math.exp(dot(q, c)) + Math.exp(dot(q, m))) - dot(q, c), 5);
    const [usersAfter, itemsAfter] = values(trained).map(toRows);
    q.forEach((value, d) => expect(usersAfter[1][d]).toBeCloseTo(value - 0.1 * slope * (m[d] - c[d]), 5));
    c.forEach((value, d) => expect(itemsAfter[1][d]).toBeCloseTo(value + 0.1 * slope * q[d], 5));
    expect([...memory.vectors]).toEqual([1, 2, -1]);
  });

  it('teaches a row its own hard negatives, and no other row', () => {
    const negatives = { ...testSchema().negatives, inBatch: false, hard: 2 };
    const trained = start({ ...idsOnly, tables: plain, negatives });
    const pairs = [
      ['ann', 'a'],
      ['bob', 'b'],
    ] as const;
    trained.model.candidate.encode(['a', 'b', 'h'].map(testItem), { grow: true });
    trained.model.query.encode(
      ['ann', 'bob'].map((user) => testQuery(user)),
      { grow: true },
    );
    const before = values(trained).map(toRows);
    const { loss } = trained.step.run({
      ...testBatch(pairs),
      hard: [[{ candidate: testItem('h'), teacherScore: NaN }], []],
    });
    const after = values(trained).map(toRows);
    // Bob's row has no candidate at all: it adds no loss, and half of the weight.
    const [[, ann], [, a, , h]] = before;
    const dot = (x: number[], y: number[]): number => x.reduce((sum, value, d) => sum + value * y[d], 0);
    const slope = 0.5 / (1 + Math.exp(dot(ann, a) - dot(ann, h)));
    expect(loss).toBeCloseTo(0.5 * Math.log1p(Math.exp(dot(ann, h) - dot(ann, a))), 5);
    h.forEach((value, d) => expect(after[1][3][d]).toBeCloseTo(value - 0.1 * slope * ann[d], 5));
    expect(after[0][2]).toEqual(before[0][2]);
    expect(after[1][2]).toEqual(before[1][2]);
    expect(() =>
      trained.step.run({ ...testBatch(pairs), hard: [new Array(3).fill({ candidate: testItem('h') }), []] }),
    ).toThrow('expected at most 2 hard negatives a row, found 3');
  });

  it('scales every learning rate', () => {
    const pairs = [
      ['ann', 'a'],
      ['bob', 'b'],
    ] as const;
    const moved = (rateScale: number): number[] => {
      const trained = start({ ...withLayers, tables: plain });
      trained.model.candidate.encode(['a', 'b'].map(testItem), { grow: true });
      trained.model.query.encode(
        ['ann', 'bob'].map((user) => testQuery(user)),
        { grow: true },
      );
      const before = [...values(trained).flat(), ...trained.model.query.dense.weights];
      trained.step.run({ ...testBatch(pairs), rateScale });
      return [...values(trained).flat(), ...trained.model.query.dense.weights].map((value, i) => value - before[i]);
    };
    const [whole, half] = [moved(1), moved(0.5)];
    expect(whole.some((by) => Math.abs(by) > 1e-4)).toBe(true);
    whole.forEach((by, i) => expect(half[i]).toBeCloseTo(by / 2, 6));
  });

  it('refuses to learn from a broken weight', () => {
    const trained = start(withLayers);
    const batch = testBatch([
      ['ann', 'a'],
      ['bob', 'b'],
    ]);
    trained.step.run(batch);
    trained.model.query.dense.weights[0] = NaN;
    const before = everything(trained);
    expect(() => trained.step.run(batch)).toThrow(NonFiniteStepError);
    expect(everything(trained)).toEqual(before);
  });

  it('keeps the new rows of a refused batch apart from those it had', () => {
    const trained = start();
    const batch = testBatch([
      ['ann', 'a'],
      ['bob', 'b'],
    ]);
    trained.step.run(batch);
    const before = values(trained);
    const refused = testBatch([
      ['ann', 'new'],
      ['new', 'b'],
    ]);
    expect(() => trained.step.run({ ...refused, weights: Float32Array.of(NaN, 1) })).toThrow(NonFiniteStepError);
    values(trained).forEach((table, t) => {
      expect(table).toHaveLength(before[t].length + 3); // one row more
      expect(table.slice(0, -3)).toEqual(before[t]);
    });
    expect(trained.step.run(refused).loss).toBeGreaterThan(0);
  });

  it('forgets the gradients of a step that failed half-way', () => {
    const model = createTwoTowerModel(testSchema(), createRandom('rows', 1));
    let isBroken = false;
    const forward: typeof model.candidate.forward = (encoding) => {
      const pass = model.candidate.forward(encoding);
      const backward: typeof pass.backward = (gradient, rows) => {
        if (isBroken) throw new Error('device lost');
        return pass.backward(gradient, rows);
      };
      return { ...pass, backward };
    };
    const step = createTrainStep({ ...model, candidate: { ...model.candidate, forward } }, createRandom('dropout', 1));
    const [trained, twin] = [{ model, step }, start()];
    const batch = testBatch([
      ['ann', 'a'],
      ['bob', 'b'],
    ]);
    for (const one of [trained, twin]) one.step.run(batch);
    isBroken = true;
    expect(() => step.run(batch)).toThrow('device lost');
    isBroken = false;
    step.run(
      testBatch([
        ['bob', 'b'],
        ['ann', 'a'],
      ]),
    );
    twin.step.run(
      testBatch([
        ['bob', 'b'],
        ['ann', 'a'],
      ]),
    );
    expect(everything(trained)).toEqual(everything(twin));
  });

  it('weighs examples against each other', () => {
    const [pairs, draws] = [
      [
        ['ann', 'a'],
        ['bob', 'b'],
      ] as const,
      ['c', 'd'],
    ];
    const uniform: Partial<Schema> = {
      ...idsOnly,
      negatives: { ...testSchema().negatives, inBatch: false, uniform: 2 },
    };
    const trainedOn = (weights: number[], taken = 2): { loss: number; ann: number[] } => {
      const trained = start(uniform);
      trained.model.candidate.encode(['a', 'b', 'c', 'd'].map(testItem), { grow: true });
      trained.model.query.encode(
        ['ann', 'bob'].map((user) => testQuery(user)),
        { grow: true },
      );
      const batch = testBatch(pairs.slice(0, taken), draws);
      const { loss } = trained.step.run({ ...batch, weights: Float32Array.from(weights) });
      return { loss, ann: values(trained)[0].slice(3, 6) };
    };
    expect(trainedOn([1, 0])).toEqual(trainedOn([1], 1));
    expect(trainedOn([2, 4])).toEqual(trainedOn([1, 2]));
    const [ann, bob] = [trainedOn([1, 0]).loss, trainedOn([0, 1]).loss];
    expect(trainedOn([3, 1]).loss).toBeCloseTo((3 * ann + bob) / 4, 5);
  });

  it('gives the same model twice from one seed, and another from another seed', () => {
    const train = (seed: number): unknown => {
      const trained = start(withLayers, seed);
      for (let s = 0; s < 10; s++)
        trained.step.run(
          testBatch([
            ['ann', 'a'],
            ['bob', 'b'],
            [`new ${s}`, `${s}`],
          ]),
        );
      return everything(trained);
    };
    expect(train(1)).toEqual(train(1));
    expect(train(1)).not.toEqual(train(2));
  });
});

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

function toRows(table: readonly number[]): number[][] {
  return range(table.length / 3).map((row) => table.slice(row * 3, row * 3 + 3));
}

/**
 * One step of matrix factorisation in 64-bit loops: ann takes a, bob takes b, cid takes a, and c is a draw. Softmax of u . v over the
 * positive and the others, whose own item counts once; then row-wise Adagrad with rate 0.1.
 */
function factorisationStep(
  users: number[][],
  items: number[][],
  squares: { readonly users: number[]; readonly items: number[] } | undefined,
): number {
  const slots = [1, 2, 1, 3]; // rows of a, b, a, c
  const [userGradients, itemGradients] = [users, items].map((rows) => rows.map(() => [0, 0, 0]));
  let loss = 0;
  for (const i of range(3)) {
    const [user, own] = [i + 1, slots[i]];
    const others = slots.filter((item) => item !== own);
    const score = (item: number): number => users[user].reduce((sum, value, d) => sum + value * items[item][d], 0);
    const sum = [own, ...others].reduce((total, item) => total + Math.exp(score(item)), 0);
    loss += (Math.log(sum) - score(own)) / 3;
    for (const item of [own, ...others]) {
      const g = (Math.exp(score(item)) / sum - (item === own ? 1 : 0)) / 3;
      for (const d of range(3)) {
        userGradients[user][d] += g * items[item][d];
        itemGradients[item][d] += g * users[user][d];
      }
    }
  }
  for (const [rows, gradients, state] of [
    [users, userGradients, squares?.users],
    [items, itemGradients, squares?.items],
  ] as const) {
    gradients.forEach((g, row) => {
      if (g.every((value) => value === 0)) return;
      if (state) state[row] += g.reduce((sum, value) => sum + value * value, 0) / 3;
      for (const d of range(3)) rows[row][d] -= (0.1 * g[d]) / (state ? Math.sqrt(state[row]) : 1);
    });
  }
  return loss;
}
