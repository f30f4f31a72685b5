import { applyPatch, createRandom, type Snapshot, type Stateful } from '@gatehouse/domain';
import type { TableSpec } from '@gatehouse/schema';

import { snapshotDigest } from './tables/snapshot-digest.fixture';
import { testBatch, testQuery, testSchema, testTable } from './test-schema.fixture';
import { createTrainStep, type TrainBatch, type TrainStep } from './train-step';
import { createTwoTowerModel } from './two-tower-model';
import { backendsUnderTest, useBackend } from './use-backend.fixture';

interface Trained {
  readonly step: TrainStep;
  /** Tables before the optimisers that follow their rows. */
  readonly parts: readonly Stateful[];
}

function start(changes: Partial<TableSpec>, seed: number): Trained {
  const { candidate } = testSchema();
  const schema = testSchema({
    tables: { users: testTable(changes), items: testTable(changes) },
    query: {
      features: [
        { kind: 'id', name: 'user', table: 'users', dropout: 0.3 },
        { kind: 'history', name: 'history', table: 'items', length: 2, decay: 0.5 },
      ],
      combine: 'concat',
      layers: [4],
    },
    candidate: { ...candidate, layers: [4] },
  });
  const [rows, dropout] = [createRandom('rows', seed), createRandom('dropout', seed)];
  const model = createTwoTowerModel(schema, rows);
  const step = createTrainStep(model, dropout);
  return { step, parts: [...model.parts, ...step.parts, rows, dropout] };
}

/** Step s meets ids of the steps before it, and new ones; a step takes a second. */
function batchAt(s: number): TrainBatch {
  const batch = testBatch(
    [
      [`user ${s % 3}`, 'a'],
      [`user ${s}`, `item ${s}`],
      [`user ${s - 1}`, `item ${s - 1}`],
    ],
    [`item ${s - 3}`],
  );
  const queries = batch.queries.map(({ userId = '' }) => testQuery(userId, ['a', `item ${s - 2}`]));
  return { ...batch, queries: queries.map((query) => ({ ...query, requestTimeMs: s * 1000 })) };
}

function train({ step }: Trained, from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => step.run(batchAt(from + i)).loss);
}

/** What the next checkpoint holds: patches of what was saved before, and whole what tells none. */
function saveOver(parts: readonly Stateful[], base: readonly Snapshot[]): Snapshot[] {
  const saved = parts.map((part, i) => {
    const patch = part.patch?.();
    return patch ? applyPatch(base[i], structuredClone(patch)) : structuredClone(part.snapshot());
  });
  for (const part of parts) part.saved?.();
  return saved;
}

const tables: readonly { readonly name: string; readonly changes: Partial<TableSpec> }[] = [
  { name: 'adagrad', changes: {} },
  {
    name: 'adam, and ids that come and go',
    changes: { optimizer: 'adam', admitAfter: 2, capacity: 6, expireAfterMs: 5000 },
  },
];

describe.each(backendsUnderTest())('checkpoints that tell only what changed, on %s', (backend) => {
  useBackend(backend);

  it.each(tables)('continue as if training had never stopped, bit for bit: $name', ({ changes }) => {
    const through = start(changes, 1);
    const losses = train(through, 0, 24).slice(16);

    const before = start(changes, 1);
    train(before, 0, 6);
    let saved = structuredClone(before.parts.map((part) => part.snapshot()));
    for (const part of before.parts) part.saved?.();
    for (const from of [6, 11]) {
      train(before, from, from + 5);
      saved = saveOver(before.parts, saved);
    }

    const after = start(changes, 2);
    after.parts.forEach((part, i) => part.restore(saved[i]));
    expect(train(after, 16, 24)).toEqual(losses);
    const ends = [after, through].map(({ parts }) => parts.map((part) => snapshotDigest(part.snapshot())));
    expect(ends[0]).toEqual(ends[1]);
  });
});
