import { createRandom } from '@gatehouse/domain';

import { rowOf } from './table-rows.fixture';
import { testBatch, testItem, testSchema } from './test-schema.fixture';
import { createTrainStep } from './train-step';
import { createTwoTowerModel } from './two-tower-model';
import { backendsUnderTest, useBackend } from './use-backend.fixture';

const { candidate } = testSchema();

describe.each(backendsUnderTest())('id dropout on %s', (backend) => {
  useBackend(backend);

  // Always and never, so that each row's part is plain to see.
  it.each([
    ['the fallback row, which stands for unknown items, when ids are dropped', 1, [true, false]],
    ["the item's own row, when they are not", 0, [false, true]],
  ] as const)('trains %s', (_what, dropout, [trainsFallback, trainsOwn]) => {
    const features = [{ kind: 'id', name: 'item', table: 'items', dropout }] as const;
    const model = createTwoTowerModel(testSchema({ candidate: { ...candidate, features } }), createRandom('rows', 1));
    const items = model.tables.get('items')!;
    model.candidate.encode(['a', 'b'].map(testItem), { grow: true });
    // Fallback rows: of the history feature, then of the id.
    const rows = { fallback: 1, a: items.rowOf('a') };
    const before = { fallback: rowOf(items, rows.fallback), a: rowOf(items, rows.a) };
    const unknown = model.candidate.embed([testItem('unknown')]);

    const step = createTrainStep(model, createRandom('dropout', 1));
    step.run(
      testBatch(
        [
          ['ann', 'a'],
          ['bob', 'b'],
        ],
        ['a'],
      ),
    );

    expect(rowOf(items, rows.a).join() !== before.a.join()).toBe(trainsOwn);
    expect(rowOf(items, rows.fallback).join() !== before.fallback.join()).toBe(trainsFallback);
    expect(model.candidate.embed([testItem('unknown')]).join() !== unknown.join()).toBe(trainsFallback);
  });
});
