import { createRandom, type QueryInput } from '@gatehouse/domain';

import { canariesPart, canarySkew, createCanaryQueries, readCanaries } from './canaries';
import { testQuery, testSchema } from './test-schema.fixture';
import { createTwoTowerModel, type TwoTowerModel } from './two-tower-model';
import { backendsUnderTest, useBackend } from './use-backend.fixture';

function createModel(): TwoTowerModel {
  const schema = testSchema({ query: { ...testSchema().query, layers: [4] } });
  const model = createTwoTowerModel(schema, createRandom('rows', 1));
  model.query.encode(
    ['ann', 'bob'].map((user) => testQuery(user)),
    { grow: true },
  );
  return model;
}

const queries: QueryInput[] = ['ann', 'bob', 'unknown'].map((user) => testQuery(user, ['a']));

/** Through JSON, as a version stores the queries. */
function stored<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

describe.each(backendsUnderTest())('canaries on %s', (backend) => {
  useBackend(backend);

  it('have no skew under the tower that made them, and some after one weight has moved', () => {
    const { query } = createModel();
    const kept = createCanaryQueries(10);
    queries.forEach((one, i) => kept.add(one, `next ${i}`));
    const snapshot = kept.snapshotFor(query);
    const canaries = readCanaries(structuredClone(snapshot));
    expect(canaries.map((canary) => canary.nextItemId)).toEqual(['next 0', 'next 1', 'next 2']);
    expect(canaries.map((canary) => canary.query)).toEqual(stored(queries));
    expect(canaries.every(({ vector }) => vector.length === 3)).toBe(true);
    expect(canarySkew(canaries, query)).toBe(0);

    query.dense.weights[query.dense.weights.length - 1] += 0.001; // a bias of the output
    expect(canarySkew(canaries, query)).toBeGreaterThan(1e-5);
    query.dense.weights[query.dense.weights.length - 1] = NaN;
    expect(canarySkew(canaries, query)).toBe(Infinity);
  });
});

describe.each(backendsUnderTest())('canaries on %s', (backend) => {
  useBackend(backend);

  it('are the newest queries', () => {
    const kept = createCanaryQueries(3);
    for (let i = 0; i < 20; i++) kept.add(testQuery(`user ${i}`), `item ${i}`);
    const ids = readCanaries(kept.snapshotFor(createModel().query)).map((canary) => canary.nextItemId);
    expect(ids).toEqual(['item 17', 'item 18', 'item 19']);
  });

  it('are kept through a restart', () => {
    const [kept, restored] = [createCanaryQueries(3), createCanaryQueries(3)];
    for (let i = 0; i < 5; i++) kept.add(testQuery(`user ${i}`), `item ${i}`);
    restored.restore(structuredClone(kept.snapshot()));
    for (const one of [kept, restored]) one.add(testQuery('late'), 'late');
    const { query } = createModel();
    expect(restored.snapshotFor(query)).toEqual(kept.snapshotFor(query));
    expect(readCanaries(restored.snapshotFor(query)).map((canary) => canary.nextItemId)).toEqual([
      'item 3',
      'item 4',
      'late',
    ]);
  });

  it('may be none', () => {
    const { query } = createModel();
    const canaries = readCanaries(createCanaryQueries(3).snapshotFor(query));
    expect(canaries).toEqual([]);
    expect(canarySkew(canaries, query)).toBe(0);
  });

  it('show a tower of another dimension as skew', () => {
    const { query } = createModel();
    const longer = queries.map((one) => ({ query: one, nextItemId: 'a', vector: new Float32Array(4) }));
    expect(canarySkew(longer, query)).toBe(Infinity);
  });

  it('refuse vectors that do not fit the queries', () => {
    const vectors = { dtype: 'F32', shape: [7], data: new Float32Array(7) } as const;
    const kept = createCanaryQueries(10);
    queries.forEach((query) => kept.add(query, 'a'));
    const { entries } = kept.snapshot().tensors;
    expect(() => readCanaries({ tensors: { vectors, entries }, metadata: null })).toThrow(
      /canaries: expected whole vectors for 3 queries, found 7 values/,
    );
    expect(() => readCanaries({ tensors: { entries }, metadata: null })).toThrow(
      `${canariesPart}: tensor vectors: expected F32[], found none`,
    );
  });

  it('keep long histories out of the metadata, which is bounded', () => {
    const kept = createCanaryQueries(4);
    const history = Array.from({ length: 1000 }, (_, i) => ({ itemId: `item ${i}`, eventTimeMs: i }));
    kept.add({ ...testQuery('ann', []), history }, 'a');
    const snapshot = kept.snapshot();
    expect(snapshot.metadata).toBeNull();
    const restored = createCanaryQueries(4);
    restored.restore(snapshot);
    expect(restored.snapshot()).toEqual(snapshot);
  });
});
