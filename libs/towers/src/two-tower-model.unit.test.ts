import { createRandom, type Snapshot } from '@gatehouse/domain';

import { testBatch, testItem, testQuery, testSchema } from './test-schema.fixture';
import { createTrainStep } from './train-step';
import {
  createTwoTowerModel,
  restoreTwoTowerModel,
  servingParts,
  schemaPart,
  snapshotSchema,
  type TwoTowerModel,
} from './two-tower-model';
import { backendsUnderTest, useBackend } from './use-backend.fixture';

const schema = testSchema({ candidate: { ...testSchema().candidate, layers: [4] } });
const queries = [testQuery('ann', ['a']), testQuery('unknown', ['b', 'c'])];
const items = ['a', 'b', 'unknown'].map(testItem);

function trainedModel(): TwoTowerModel {
  const model = createTwoTowerModel(schema, createRandom('rows', 1));
  const step = createTrainStep(model, createRandom('dropout', 1));
  const batch = testBatch([
    ['ann', 'a'],
    ['bob', 'b'],
  ]);
  for (let s = 0; s < 3; s++) step.run(batch);
  return model;
}

/** The parts of a version, as a store would give them back. */
function partsOf(model: TwoTowerModel): Record<string, Snapshot> {
  const parts = Object.fromEntries(model.parts.map((part) => [part.name, structuredClone(part.snapshot())]));
  return { ...parts, [schemaPart]: snapshotSchema(model.schema) };
}

describe.each(backendsUnderTest())('a model restored from its parts, on %s', (backend) => {
  useBackend(backend);

  it('embeds bit for bit as the one that was saved', () => {
    const model = trainedModel();
    const restored = restoreTwoTowerModel(partsOf(model));
    expect(restored.query.embed(queries)).toEqual(model.query.embed(queries));
    expect(restored.candidate.embed(items)).toEqual(model.candidate.embed(items));
    expect(restored.schema).toEqual(schema);
  });
});

describe.each(backendsUnderTest())('a two-tower model on %s', (backend) => {
  useBackend(backend);

  it('knows the parts that it is restored from among those of a version', () => {
    const needed = Object.keys(partsOf(trainedModel()));
    const others = ['table.items.adagrad', 'query.dense.adam', 'random.rows', 'user-state', 'canaries', 'schemas'];
    expect(servingParts([...others, ...needed]).sort()).toEqual(needed.sort());
  });

  it.each(['schema', 'table.items', 'table.users', 'query.dense', 'candidate.dense'])('needs its part %s', (name) => {
    const parts = Object.entries(partsOf(trainedModel())).filter(([part]) => part !== name);
    expect(() => restoreTwoTowerModel(Object.fromEntries(parts))).toThrow(`model: expected part ${name}, found`);
  });

  it('refuses a part of another model', () => {
    const parts = partsOf(trainedModel());
    expect(() => restoreTwoTowerModel({ ...parts, 'table.users': parts['table.items'] })).toThrow(RangeError);
  });

  it('gives each feature of a table a fallback row of its own', () => {
    const model = createTwoTowerModel(schema, createRandom('rows', 1));
    expect(model.tables.get('users')!.fallbackRows).toBe(1);
    expect(model.tables.get('items')!.fallbackRows).toBe(2); // of history and item
    const rows = model.query.encode([testQuery('unknown')], { grow: false }).bags.map((bag) => [...bag.rows]);
    expect(rows).toEqual([[0], [0]]);
    expect([...model.candidate.encode([testItem('unknown')], { grow: false }).bags[0].rows]).toEqual([1]);
  });

  it('shares the rows of items between history and candidates', () => {
    const model = trainedModel();
    const [, history] = model.query.encode([testQuery('ann', ['b'])], { grow: false }).bags;
    expect([...history.rows]).toEqual([...model.candidate.encode([testItem('b')], { grow: false }).bags[0].rows]);
  });

  it('reads without adding rows when it embeds', () => {
    const model = trainedModel();
    const rows = (): number[] => [...model.tables.values()].map((table) => table.rows);
    const before = rows();
    model.query.embed(queries);
    model.candidate.embed(items);
    expect(rows()).toEqual(before);
  });
});
