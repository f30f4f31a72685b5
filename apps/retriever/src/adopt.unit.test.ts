import { createPopularity } from '@gatehouse/evaluation';

import { adopt, type Adopting, VersionRefusedError } from './adopt';
import { createFakeIndex, createFakeModels, createFakeTowers, type FakeIndex, hitsOf } from './retriever.fixture';

function setUp(overrides: Partial<Adopting> = {}, index = createFakeIndex('1-2.1', () => hitsOf('a'))) {
  const models = createFakeModels();
  const towers = createFakeTowers();
  const adopting: Adopting = {
    models,
    loadParts: models.load,
    indexes: { open: async () => index },
    towers,
    ...overrides,
  };
  return { adopting, models, towers, index };
}

const pointer = { version: '1-2', indexId: '1-2.1' };

test('a sound version becomes a pair of tower and index of that version, warmed up', async () => {
  const { adopting, index } = setUp();
  const pair = await adopt(pointer, adopting);
  expect(pair).toMatchObject({ version: '1-2', modelEventTimeMs: 5, catalogueTimeMs: 7, popular: [] });
  expect(pair.index.indexId).toBe('1-2.1');
  expect(pair.queryTower.embed([{ features: {}, history: [], context: {}, requestTimeMs: 0 }])).toEqual(
    Float32Array.of(2, 0),
  );
  expect(index.requests.length).toBeGreaterThan(0);
});

test('only the parts that serving needs are loaded', async () => {
  const asked: (readonly string[])[] = [];
  const { models } = setUp();
  const loadParts: Adopting['loadParts'] = (version, parts) => {
    asked.push(parts);
    return models.load(version, parts);
  };
  await adopt(pointer, setUp({ loadParts }).adopting);
  expect(asked).toEqual([['tower', 'canaries']]);
});

test('popular items come from the part of the version, as far as the index holds them', async () => {
  const popularity = createPopularity('popularity');
  for (const itemId of ['b', 'a', 'b', 'gone', 'gone', 'gone']) popularity.observe(itemId);
  const { models } = setUp();
  const file = { name: 'popularity.safetensors', bytes: 1, sha256: '' };
  const { adopting } = setUp({
    models: { manifest: async (id) => ({ ...(await models.manifest(id)), files: [file] }) },
    loadParts: async (version, parts) => {
      const loaded = await models.load(version, parts);
      return { ...loaded, parts: { ...loaded.parts, popularity: popularity.snapshot() } };
    },
  });
  expect((await adopt(pointer, adopting)).popular).toEqual([
    { itemId: 'b', score: 2, attributes: { genre: 'of b' } },
    { itemId: 'a', score: 1, attributes: { genre: 'of a' } },
  ]);
});

test.each([
  [
    'canaries off by 2e-5',
    { towers: createFakeTowers(40, 2e-5) },
    'canary vectors to differ by at most 0.00001, found 0.0000',
  ],
  ['canaries that are no numbers', { towers: createFakeTowers(40, NaN) }, 'found Infinity'],
  ['31 canaries', { towers: createFakeTowers(31) }, 'expected at least 32 canaries, found 31'],
  [
    'no index',
    { indexes: { open: () => Promise.reject(new Error('index 1-2.1: not found')) } },
    'index 1-2.1: not found',
  ],
  ['damaged files', { loadParts: () => Promise.reject(new Error('tower: expected sha256 ab')) }, 'expected sha256 ab'],
])('a version with %s is refused and its tower freed', async (_, overrides: Partial<Adopting>, reason) => {
  const { adopting, index } = setUp(overrides);
  const refusal = await adopt(pointer, adopting).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(VersionRefusedError);
  expect((refusal as VersionRefusedError).message).toContain(`version 1-2: `);
  expect((refusal as VersionRefusedError).message).toContain(reason);
  const { restored } = adopting.towers as ReturnType<typeof createFakeTowers>;
  expect(restored.every(({ disposed }) => disposed)).toBe(true);
  expect(index.requests).toEqual([]);
});

test.each([0, 1e-6, 9e-6])('canaries off by %s are rounding', async (skew) => {
  const { adopting } = setUp({ towers: createFakeTowers(40, skew) });
  await expect(adopt(pointer, adopting)).resolves.toMatchObject({ version: '1-2' });
});

const misfits: [string, FakeIndex, string][] = [
  [
    'another dimension',
    createFakeIndex('1-2.1', () => [], { dimension: 3 }),
    'expected an index of dimension 2, found 3',
  ],
  [
    'another version',
    createFakeIndex('1-2.1', () => [], { manifest: { modelVersion: '1-1' } }),
    'expected an index of the same version, found one of "1-1"',
  ],
  ['a broken search', createFakeIndex('1-2.1', () => Promise.reject(new Error('truncated file'))), 'truncated file'],
];

test.each(misfits)('an index with %s is refused and closed', async (_, index, reason) => {
  const { adopting, towers } = setUp({}, index);
  await expect(adopt(pointer, adopting)).rejects.toThrow(reason);
  expect(index.closed).toBe(true);
  expect(towers.restored.map(({ disposed }) => disposed)).toEqual([true]);
});

test.each([
  [{ version: '1-2' }, 'expected an index 1-2.<build>, found none'],
  [{ version: '1-2', indexId: '1-20.1' }, 'expected an index 1-2.<build>, found 1-20.1'],
])('the pointer %j is refused', async (incomplete, reason) => {
  await expect(adopt(incomplete, setUp().adopting)).rejects.toThrow(reason);
});
