import { createRandom, type QueryInput } from '@gatehouse/domain';
import type { Schema } from '@gatehouse/schema';

import type { Bag } from './features/bag';
import { numericGradient } from './numeric-gradient.fixture';
import { createRowGradients } from './tables/row-gradients';
import { allRows } from './table-rows.fixture';
import { testItem, testQuery, testSchema } from './test-schema.fixture';
import * as tf from './tf';
import { createTwoTowerModel, type TwoTowerModel } from './two-tower-model';
import { backendsUnderTest, useBackend } from './use-backend.fixture';

const inputs: QueryInput[] = [
  testQuery('ann', ['a', 'b', 'a']),
  testQuery('bob', ['b']),
  testQuery('ann', []),
  testQuery('cid', ['c', 'a']),
];

/** Variants of the query tower: user id and history, each of dimension 3. */
const variants: { name: string; change: Partial<Schema> }[] = (['sum', 'concat'] as const).flatMap((combine) =>
  [[], [4]].flatMap((layers) =>
    (['cosine', 'dot'] as const).map((similarity) => ({
      name: `${combine}, layers ${JSON.stringify(layers)}, ${similarity}`,
      change: {
        query: { ...testSchema().query, combine, layers },
        score: { similarity, temperature: 1, learnTemperature: false },
      },
    })),
  ),
);

/** A model whose tables know the users and items of the inputs. */
function grownModel(change: Partial<Schema>): TwoTowerModel {
  const model = createTwoTowerModel(testSchema(change), createRandom('rows', 4));
  model.candidate.encode(['a', 'b', 'c'].map(testItem), { grow: true });
  model.query.encode(inputs, { grow: true });
  return model;
}

/** The tower in 64-bit loops, from the values of the tables of its two features and its dense weights. */
function plainTower(
  { schema, query }: TwoTowerModel,
  bags: readonly Bag[],
  tables: number[][],
  weights: number[],
): number[][] {
  const { combine, layers } = schema.query;
  return inputs.map((_, i) => {
    const means = bags.map(({ rows, shares, offsets }, f) =>
      [0, 1, 2].map((d) => {
        let sum = 0;
        for (let r = offsets[i]; r < offsets[i + 1]; r++) sum += shares[r] * tables[f][rows[r] * 3 + d];
        return sum;
      }),
    );
    let x = combine === 'concat' ? means.flat() : means[0].map((value, d) => value + means[1][d]);
    let at = 0;
    const widths = query.dense.isIdentity ? [] : [...layers, schema.outputDimension];
    widths.forEach((outputs, l) => {
      const bias = at + x.length * outputs;
      const y = Array.from({ length: outputs }, (_, o) =>
        x.reduce((sum, value, k) => sum + value * weights[at + k * outputs + o], weights[bias + o]),
      );
      x = l + 1 < widths.length ? y.map((value) => Math.max(0, value)) : y;
      at = bias + outputs;
    });
    return schema.score.similarity === 'cosine' ? x.map((value) => value / Math.hypot(...x)) : x;
  });
}

describe.each(backendsUnderTest())('a tower on %s', (backend) => {
  useBackend(backend);

  it.each(variants)('agrees with plain loops, forwards and backwards: $name', ({ change }) => {
    const model = grownModel(change);
    const { query } = model;
    const tables = ['users', 'items'].map((name) => model.tables.get(name)!);
    const gradients = tables.map((table) => createRowGradients(table));
    const encoding = query.encode(inputs, { grow: false });
    const random = createRandom('direction', 1);
    const direction = inputs.map(() => [0, 1, 2].map(() => random.next() - 0.5));
    let [output, weightGradient] = [new Float32Array(0), new Float32Array(0)];
    tf.tidy(() => {
      const pass = query.forward(encoding);
      output = Float32Array.from(pass.output.dataSync());
      weightGradient = Float32Array.from(pass.backward(tf.tensor2d(direction), gradients));
    });

    const values = tables.map((table) => allRows(table));
    const weights = [...query.dense.weights];
    const along = (outputs: number[][]): number =>
      outputs.reduce((sum, row, r) => row.reduce((s, value, d) => s + value * direction[r][d], sum), 0);
    const ofTables = numericGradient((moved) => along(plainTower(model, encoding.bags, moved, weights)), values);
    const ofWeights = numericGradient(([w]) => along(plainTower(model, encoding.bags, values, w)), [weights]);
    expectClose(output, plainTower(model, encoding.bags, values, weights).flat());
    expectClose(weightGradient, ofWeights.flat());
    gradients.forEach((found, t) => {
      const dense = new Float32Array(values[t].length);
      found.rows.forEach((row, i) => dense.set(found.gradients.subarray(i * 3, i * 3 + 3), row * 3));
      expectClose(dense, ofTables[t]);
    });
  });

  it('embeds unit vectors with cosine similarity, and leaves no tensor behind', () => {
    const { query } = grownModel({ score: { similarity: 'cosine', temperature: 0.1, learnTemperature: false } });
    const before = tf.memory().numTensors;
    const vectors = query.embed(inputs);
    expect(tf.memory().numTensors).toBe(before);
    expect(vectors).toHaveLength(inputs.length * 3);
    for (let i = 0; i < inputs.length; i++) expect(Math.hypot(...vectors.subarray(i * 3, i * 3 + 3))).toBeCloseTo(1, 5);
  });

  it('gives an input the same vector in any batch, however large', () => {
    const { query } = grownModel({});
    const many = Array.from({ length: 4100 }, (_, i) => inputs[i % inputs.length]); // more than one piece of 4096
    const vectors = query.embed(many);
    const alone = inputs.map((input) => [...query.embed([input])]);
    for (const i of [0, 1, 2, 3, 4095, 4096, 4099]) {
      vectors
        .subarray(i * 3, i * 3 + 3)
        .forEach((value, d) => expect(value).toBeCloseTo(alone[i % inputs.length][d], 6));
    }
  });

  it('embeds nothing as nothing', () => {
    expect(grownModel({}).query.embed([])).toHaveLength(0);
  });
});

function expectClose(found: Float32Array, expected: readonly number[]): void {
  expect(found).toHaveLength(expected.length);
  expect(Math.max(0, ...expected.map((value, i) => Math.abs(value - found[i])))).toBeLessThan(2e-5);
}
