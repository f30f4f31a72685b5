import { z } from 'zod';

/** A name that is safe as a key: no name that every JavaScript object has, such as `constructor`. */
function nameLike(pattern: RegExp, expected: string): z.ZodType<string> {
  return z
    .string()
    .regex(pattern, expected)
    .refine((text) => !((text.split('.').at(-1) ?? '') in {}), 'expected a name that JavaScript does not reserve');
}

const name = nameLike(/^[A-Za-z][\w-]{0,63}$/, 'expected a letter, then at most 63 letters, digits, _ or -');
/** Tables name files of every version, also on file systems that ignore case. */
const tableName = nameLike(/^[a-z][a-z0-9-]{0,63}$/, 'expected a small letter, then at most 63 of a-z, 0-9 and -');
const contextSource = nameLike(/^context\.[A-Za-z][\w-]{0,63}$/, 'expected context.<name>');
const source = nameLike(/^(features|context)\.[A-Za-z][\w-]{0,63}$/, 'expected features.<name> or context.<name>');

const count = (min: number, max: number): z.ZodInt => z.int().min(min).max(max);

const action = z.strictObject({
  weight: z.number().min(0),
  seen: z.boolean().default(true),
});

const table = z.strictObject({
  dimension: count(1, 4096).default(64),
  /** Only for the table of text features; `compileSchema` has its default. */
  rows: count(1, 1 << 26).optional(),
  optimizer: z.enum(['adagrad', 'adam', 'sgd']).default('adagrad'),
  learningRate: z.number().positive().default(0.1),
  initialScale: z.number().positive().default(0.05),
  /** Only for tables of ids and categories, as are the two after it. */
  admitAfter: count(1, 255).optional(),
  expireAfterMs: z.int().min(1000).optional(),
  capacity: count(1, 1 << 30).optional(),
});

const sourced = { name, table: tableName, source: source.optional() };

const feature = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('id'), name, table: tableName, dropout: z.number().min(0).lt(1).default(0.1) }),
  z.strictObject({ kind: z.literal('category'), ...sourced }),
  z.strictObject({ kind: z.literal('categories'), ...sourced }),
  z.strictObject({ kind: z.literal('number'), ...sourced, boundaries: z.array(z.number()).min(1).max(4096) }),
  z.strictObject({ kind: z.literal('text'), ...sourced }),
  z.strictObject({
    kind: z.literal('history'),
    name,
    table: tableName,
    length: count(1, 1000).default(50),
    decay: z.number().positive().max(1).default(1),
  }),
]);

const tower = z.strictObject({
  features: z.array(feature).min(1).max(64),
  combine: z.enum(['sum', 'concat']).default('sum'),
  layers: z.array(count(1, 8192)).max(8).default([]),
});

const estimator = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('gap'),
    cells: count(1, 1 << 26).default(1 << 17),
    hashes: count(1, 16).default(4),
    rate: z.number().positive().lt(1).default(0.01),
  }),
  z.strictObject({
    kind: z.literal('decayed-count-min'),
    cells: count(1, 1 << 26).default(1 << 17),
    hashes: count(1, 16).default(4),
    halfLifeDraws: z.number().min(1).max(4_000_000).default(200_000),
  }),
  z.strictObject({ kind: z.literal('exact') }),
]);

const matryoshka = z.array(count(1, 4096)).min(1).max(16).optional();
const plainLoss = <K extends string>(kind: K) => z.strictObject({ kind: z.literal(kind), matryoshka });
const marginLoss = <K extends string>(kind: K) =>
  z.strictObject({ kind: z.literal(kind), margin: z.number().positive().default(0.2), matryoshka });
const distillation = <K extends string>(kind: K) =>
  z.strictObject({ kind: z.literal(kind), teacher: contextSource, matryoshka });

const loss = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('softmax'),
    form: z.enum(['standard', 'corrected', 'decoupled']).default('corrected'),
    matryoshka,
  }),
  plainLoss('info-nce'),
  plainLoss('bpr'),
  marginLoss('hinge'),
  marginLoss('triplet'),
  plainLoss('nce'),
  plainLoss('binary-cross-entropy'),
  plainLoss('dpr'),
  distillation('margin-mse'),
  distillation('kl'),
]);

const negatives = z.strictObject({
  /** Mixed Negative Sampling (Yang et al. 2020): in-batch, and as many uniform draws as the batch has rows. */
  preset: z.enum(['mixed-negative-sampling']).optional(),
  inBatch: z.boolean().optional(),
  uniform: count(0, 65_536).optional(),
  popularity: count(0, 65_536).default(0),
  popularityWindow: count(1, 1 << 24).default(65_536),
  memory: count(0, 1 << 20).default(0),
  memoryMaxAgeBatches: count(1, 1_000_000).default(64),
  hard: count(0, 256).default(0),
});

const ramp = (min: number, max: number) =>
  z.strictObject({ from: z.number().min(min).max(max), to: z.number().min(min).max(max) });

const stage = z.strictObject({
  name,
  /** Only the last stage may go without. */
  steps: count(1, 1_000_000_000).optional(),
  hardShare: ramp(0, 1).optional(),
  learningRateScale: ramp(0, 100).default({ from: 1, to: 1 }),
});

/** The schema as users write it. Defaults that depend on other keys are in `compileSchema`. */
export const schemaInput = z.strictObject({
  actions: z.record(name, action),
  attributes: z.record(name, z.enum(['string', 'number', 'boolean'])).default({}),
  outcomes: z
    .strictObject({
      waitMs: count(1000, 7 * 24 * 3_600_000).default(600_000),
      maxPending: count(1, 10_000_000).default(100_000),
      late: z.enum(['count', 'learn']).default('count'),
    })
    .optional(),
  userState: z
    .strictObject({
      historyLimit: count(0, 10_000).optional(),
      seenLimit: count(0, 1_000_000).default(10_000),
    })
    .prefault({}),
  tables: z.record(tableName, table),
  query: tower,
  candidate: tower,
  outputDimension: count(1, 4096).default(64),
  score: z
    .strictObject({
      similarity: z.enum(['cosine', 'dot']).default('cosine'),
      temperature: z.number().positive().default(0.1),
      learnTemperature: z.boolean().default(false),
    })
    .prefault({}),
  loss: loss.prefault({ kind: 'softmax' }),
  negatives: negatives.prefault({}),
  estimator: estimator.prefault({ kind: 'decayed-count-min' }),
  training: z
    .strictObject({
      batchSize: count(1, 65_536).default(256),
      updatesPerBatch: count(1, 100).default(1),
      denseLearningRate: z.number().positive().default(0.001),
      schedule: z
        .strictObject({ stages: z.array(stage).min(1).max(32), repeatFrom: name.optional() })
        .prefault({ stages: [{ name: 'steady' }] }),
      seed: count(0, 0xffffffff).default(1),
    })
    .prefault({}),
});

/** What {@link schemaInput} yields. */
export type SchemaInput = z.output<typeof schemaInput>;
/** One feature of {@link SchemaInput}. */
export type FeatureInput = SchemaInput['query']['features'][number];
