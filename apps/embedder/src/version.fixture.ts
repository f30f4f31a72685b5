import { createRandom, type Item, type QueryInput, type Snapshot } from '@gatehouse/domain';
import { type LogFields, type Logger } from '@gatehouse/runtime';
import { compileSchema } from '@gatehouse/schema';
import {
  canariesPart,
  createCanaryQueries,
  createTrainStep,
  createTwoTowerModel,
  loadBackend,
  schemaPart,
  snapshotSchema,
  type TwoTowerModel,
} from '@gatehouse/towers';

export const dimension = 8;

const schema = compileSchema(
  `
actions: { click: { weight: 1 } }
attributes: { genre: string, year: number }
tables: { items: { dimension: ${dimension}, initialScale: 1 } }
query: { features: [{ name: history, kind: history, table: items }] }
candidate: { features: [{ name: id, kind: id, table: items, dropout: 0 }] }
outputDimension: ${dimension}
estimator: { kind: exact }
`,
  'version.yaml',
);

/** 40 items, of which every tenth is not available. */
export const items: readonly Item[] = Array.from({ length: 40 }, (_, i) => ({
  itemId: `i${String(i).padStart(2, '0')}`,
  features: { genre: ['a', 'b'][i % 2], tags: ['not', 'declared'], ...(i % 3 > 0 && { year: 1990 + i }) },
  available: i % 10 !== 9,
}));
export const availableItems = items.filter(({ available }) => available);

const queryOf = (n: number): QueryInput => ({
  features: {},
  history: [n, n + 1].map((at) => ({ itemId: items[at % items.length].itemId, eventTimeMs: at })),
  context: {},
  requestTimeMs: n,
});

/** A model that has a row for each of the items. */
export function createModel(seed: number): TwoTowerModel {
  const model = createTwoTowerModel(schema, createRandom('rows', seed));
  createTrainStep(model, createRandom('dropout', seed)).run({
    queries: [queryOf(0)],
    candidates: items,
    logQ: new Float32Array(items.length),
    weights: Float32Array.of(1),
  });
  return model;
}

/** The parts of a version that the embedder reads. */
export function partsOf(model: TwoTowerModel, canaryCount: number): Record<string, Snapshot> {
  const canaries = createCanaryQueries(canaryCount);
  for (let n = 0; n < canaryCount; n++) canaries.add(queryOf(n), items[(n + 2) % items.length].itemId);
  return {
    ...Object.fromEntries(model.parts.map((part) => [part.name, part.snapshot()])),
    [schemaPart]: snapshotSchema(model.schema),
    [canariesPart]: canaries.snapshotFor(model.query),
  };
}

/** Keeps what it is told. */
export function createMemoryLogger(): Logger & {
  readonly lines: readonly { readonly message: string; readonly fields: LogFields }[];
} {
  const lines: { message: string; fields: LogFields }[] = [];
  const keep = (message: string, fields: LogFields = {}): void => {
    lines.push({ message, fields });
  };
  const logger = { debug: keep, info: keep, warn: keep, error: keep, child: () => logger, lines };
  return logger;
}

/** Runs the tests of the enclosing block on the backend that is exact to the bit. */
export function useCpu(): void {
  beforeAll(async () => {
    jest.spyOn(console, 'warn').mockReturnValue(undefined); // the backend advises to install another one
    await loadBackend(['cpu']);
  });
  afterAll(() => jest.restoreAllMocks());
}
