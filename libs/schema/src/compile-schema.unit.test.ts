import { createRandom, type Random } from '@gatehouse/domain';
import { stringify } from 'yaml';

import { compileSchema } from './compile-schema';

interface Mapping {
  readonly [key: string]: unknown;
}

/** The shortest schema with every kind of feature: nothing that has a default. */
const shortest = {
  actions: { click: { weight: 1 }, shown: { weight: 0, seen: false } },
  tables: { items: {}, users: {}, genres: {}, trigrams: {}, years: {} },
  query: {
    features: [
      { name: 'user', kind: 'id', table: 'users' },
      { name: 'history', kind: 'history', table: 'items' },
    ],
  },
  candidate: {
    features: [
      { name: 'item', kind: 'id', table: 'items' },
      { name: 'genres', kind: 'categories', table: 'genres' },
      { name: 'studio', kind: 'category', table: 'genres' },
      { name: 'title', kind: 'text', table: 'trigrams' },
      { name: 'year', kind: 'number', table: 'years', boundaries: [1990, 2000] },
    ],
  },
};

const table = [
  ['dimension', 64],
  ['learningRate', 0.1],
  ['initialScale', 0.05],
] as const;

/** Every default, by its path in {@link shortest}. */
const defaults: readonly (readonly [path: string, value: unknown])[] = [
  ['actions.click.seen', true],
  ['attributes', {}],
  ['userState.historyLimit', 50],
  ['userState.seenLimit', 10_000],
  ...Object.keys(shortest.tables).flatMap((name) =>
    table.map(([key, value]) => [`tables.${name}.${key}`, value] as const),
  ),
  ['tables.trigrams.rows', 32_768],
  ['query.features.0.dropout', 0.1],
  ['query.features.1.length', 50],
  ['query.features.1.decay', 1],
  ['query.combine', 'sum'],
  ['query.layers', []],
  ['candidate.features.0.dropout', 0.1],
  ['candidate.features.1.source', 'features.genres'],
  ['candidate.features.2.source', 'features.studio'],
  ['candidate.features.3.source', 'features.title'],
  ['candidate.features.4.source', 'features.year'],
  ['candidate.combine', 'sum'],
  ['candidate.layers', []],
  ['outputDimension', 64],
  ['score.similarity', 'cosine'],
  ['score.temperature', 0.1],
  ['score.learnTemperature', false],
  ['loss', { kind: 'softmax' }],
  ['loss.form', 'corrected'],
  ['loss.matryoshka', [64]],
  ['negatives.inBatch', true],
  ['negatives.uniform', 512],
  ['negatives.popularity', 0],
  ['negatives.popularityWindow', 65_536],
  ['negatives.memory', 0],
  ['negatives.memoryMaxAgeBatches', 64],
  ['negatives.hard', 0],
  ['estimator', { kind: 'decayed-count-min' }],
  ['estimator.cells', 131_072],
  ['estimator.hashes', 4],
  ['estimator.halfLifeDraws', 200_000],
  ['training.batchSize', 256],
  ['training.updatesPerBatch', 1],
  ['training.denseLearningRate', 0.001],
  ['training.schedule', { stages: [{ name: 'steady' }] }],
  ['training.seed', 1],
];

/** A copy of {@link shortest} with some values set, in the order given. */
function withValues(values: readonly (readonly [path: string, value: unknown])[]): Mapping {
  const root = structuredClone(shortest) as Mapping;
  for (const [path, value] of values) {
    const keys = path.split('.');
    let object = root as Record<string, unknown>;
    for (const key of keys.slice(0, -1)) object = (object[key] ??= {}) as Record<string, unknown>;
    object[keys[keys.length - 1]] = structuredClone<unknown>(value);
  }
  if ('estimator' in root) (root['estimator'] as Record<string, unknown>)['kind'] ??= 'decayed-count-min';
  if ('loss' in root) (root['loss'] as Record<string, unknown>)['kind'] ??= 'softmax';
  return root;
}

/** The same document with the keys of every mapping in an order drawn from `random`. Lists keep theirs. */
function shuffleKeys(value: unknown, random: Random): unknown {
  if (Array.isArray(value)) return value.map((entry: unknown) => shuffleKeys(entry, random));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value as Mapping).map(([key, child]) => ({ at: random.next(), key, child }));
  entries.sort((a, b) => a.at - b.at);
  return Object.fromEntries(entries.map(({ key, child }) => [key, shuffleKeys(child, random)]));
}

const seeds = Array.from({ length: 20 }, (_, i) => i + 1);

const compile = (document: unknown) => compileSchema(stringify(document), 'schema.yaml');

describe('compileSchema', () => {
  it('fills in every default', () => {
    const schema = compile(shortest);
    expect(schema).toMatchObject({
      actions: { click: { weight: 1, seen: true }, shown: { weight: 0, seen: false } },
      attributes: {},
      userState: { historyLimit: 50, seenLimit: 10_000 },
      query: { combine: 'sum', layers: [] },
      outputDimension: 64,
      score: { similarity: 'cosine', temperature: 0.1, learnTemperature: false },
      loss: { kind: 'softmax', form: 'corrected', matryoshka: [64] },
      negatives: { inBatch: true, uniform: 512, popularity: 0, popularityWindow: 65_536, memory: 0, hard: 0 },
      estimator: { kind: 'decayed-count-min', cells: 131_072, hashes: 4, halfLifeDraws: 200_000 },
      training: {
        batchSize: 256,
        updatesPerBatch: 1,
        denseLearningRate: 0.001,
        schedule: {
          stages: [
            { name: 'steady', steps: null, hardShare: { from: 1, to: 1 }, learningRateScale: { from: 1, to: 1 } },
          ],
          repeatFrom: null,
        },
        seed: 1,
      },
    });
    expect(schema.candidate.features[1]).toEqual({
      name: 'genres',
      kind: 'categories',
      table: 'genres',
      source: 'features.genres',
    });
  });

  it('lets a preset stand for keys, which win over it where they are given', () => {
    const negativesOf = (negatives: Mapping) =>
      compile({ ...shortest, training: { batchSize: 32 }, negatives }).negatives;
    expect(negativesOf({ preset: 'mixed-negative-sampling' })).toMatchObject({ inBatch: true, uniform: 32, memory: 0 });
    expect(negativesOf({ preset: 'mixed-negative-sampling', uniform: 8, hard: 2 })).toMatchObject({
      uniform: 8,
      hard: 2,
    });
    expect(negativesOf({ preset: 'mixed-negative-sampling' })).toEqual(negativesOf({ uniform: 32 }));
  });

  it('finds the stage that a schedule repeats from', () => {
    const stages = [
      { name: 'warm-up', steps: 100, learningRateScale: { from: 0, to: 1 } },
      { name: 'fine-tune', steps: 50 },
    ];
    const { schedule } = compile({ ...shortest, training: { schedule: { stages, repeatFrom: 'fine-tune' } } }).training;
    expect(schedule.repeatFrom).toBe(1);
    expect(schedule.stages[0]).toEqual({ ...stages[0], hardShare: { from: 1, to: 1 } });
  });

  it('derives kind and rows of a table from the features that read it', () => {
    const { tables } = compile(shortest);
    expect(tables['items']).toMatchObject({ kind: 'keyed', rows: 0 });
    expect(tables['genres']).toMatchObject({ kind: 'keyed', rows: 0 });
    expect(tables['trigrams']).toMatchObject({ kind: 'fixed', rows: 32_768 });
    expect(tables['years']).toMatchObject({ kind: 'fixed', rows: 3 }); // 2 boundaries part the line in 3
  });

  it.each(seeds)('makes no difference between a default spelled out and left out (seed %d)', (seed) => {
    const random = createRandom('defaults', seed);
    const spelledOut = defaults.filter(() => random.next() < 0.5);
    expect(compile(withValues(spelledOut))).toEqual(compile(shortest));
  });

  it('makes no difference when all defaults are spelled out', () => {
    expect(compile(withValues(defaults))).toEqual(compile(shortest));
  });

  it.each(seeds)('makes no difference between orders of keys (seed %d)', (seed) => {
    const expected = compile(shortest);
    const shuffled = compile(shuffleKeys(withValues(defaults), createRandom('keys', seed)));
    expect(shuffled.hash).toBe(expected.hash);
    // Tables are created in this order, each with random rows.
    expect(Object.keys(shuffled.tables)).toEqual(Object.keys(expected.tables));
  });

  it('makes no difference of comments', () => {
    const text = stringify(shortest);
    expect(compileSchema(`# a comment\n${text.replaceAll('\n', ' # another\n')}`, 'schema.yaml').hash).toBe(
      compile(shortest).hash,
    );
  });

  it.each([
    ['tables.items.learningRate', 0.2],
    ['actions.click.weight', 2],
    ['attributes.year', 'number'],
    ['userState.seenLimit', 1],
    ['userState.historyLimit', 51],
    ['query.features.1.decay', 0.9],
    ['candidate.features.4.boundaries', [1990, 2001]],
    ['candidate.combine', 'concat'],
    ['candidate.layers', [64]],
    ['score.temperature', 0.2],
    ['loss.form', 'standard'],
    ['negatives.uniform', 511],
    ['estimator.halfLifeDraws', 100],
    ['training.seed', 2],
  ])('gives another hash when %s is %j', (path, value) => {
    expect(compile(withValues([[path, value]])).hash).not.toBe(compile(shortest).hash);
  });

  it('gives another hash when features change places, as their columns do', () => {
    const swapped = structuredClone(shortest);
    swapped.candidate.features.reverse();
    expect(compile(swapped).hash).not.toBe(compile(shortest).hash);
  });

  it('lets the history limit cover the longest history', () => {
    const longer = { name: 'longer', kind: 'history', table: 'items', length: 80 };
    expect(compile(withValues([['query.features.2', longer]])).userState.historyLimit).toBe(80);
  });

  it('needs no equal dimensions with concat, and takes context in the query tower', () => {
    const schema = compile(
      withValues([
        ['query.combine', 'concat'],
        ['tables.devices', { dimension: 4 }],
        ['query.features.2', { name: 'device', kind: 'category', table: 'devices', source: 'context.device' }],
      ]),
    );
    expect(schema.query.features[2]).toMatchObject({ source: 'context.device' });
  });
});
