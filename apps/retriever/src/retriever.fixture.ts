import type { LoadedVersion, Manifest, Pointer } from '@gatehouse/artifacts';
import type { ItemId, ModelVersionId, QueryInput, Snapshot } from '@gatehouse/domain';
import type { UserRecord } from '@gatehouse/events';
import type { Hit, IndexSpec, ItemIndex, SearchRequest } from '@gatehouse/item-index';
import type { LogFields, Logger } from '@gatehouse/runtime';
import type { Schema } from '@gatehouse/schema';

import type { ServingPair } from './serving-pair';
import type { Telemetry } from './telemetry';
import type { Tracing } from './tracing';
import type { Canary, QueryTower, TowerLibrary } from './tower-library';

/** Doubles for the tests of the retriever. Vectors are `[number of the version, length of the history]`. */
export const dimension = 2;

/** The number that stands for a version in vectors: its sequence. */
export const numberOf = (version: ModelVersionId): number => Number(version.split('-')[1]);

export const schema: Schema = {
  hash: 'test',
  actions: { click: { weight: 1, seen: true } },
  attributes: { genre: 'string', year: 'number', adult: 'boolean' },
  outcomes: null,
  userState: { historyLimit: 10, seenLimit: 100 },
  tables: {},
  query: { features: [], combine: 'sum', layers: [] },
  candidate: { features: [], combine: 'sum', layers: [] },
  outputDimension: dimension,
  score: { similarity: 'dot', temperature: 1, learnTemperature: false },
  loss: { kind: 'softmax', form: 'corrected', matryoshka: [dimension] },
  negatives: {
    inBatch: true,
    uniform: 0,
    popularity: 0,
    popularityWindow: 1024,
    memory: 0,
    memoryMaxAgeBatches: 8,
    hard: 0,
  },
  estimator: { kind: 'exact' },
  training: {
    batchSize: 1,
    updatesPerBatch: 1,
    denseLearningRate: 0.001,
    schedule: {
      stages: [{ name: 'steady', steps: null, hardShare: { from: 1, to: 1 }, learningRateScale: { from: 1, to: 1 } }],
      repeatFrom: null,
    },
    seed: 1,
  },
};

/** A tower that fails when it is used after its end. */
export interface FakeTower extends QueryTower {
  readonly disposed: boolean;
  /** All that it embedded. */
  readonly embedded: readonly QueryInput[];
}

export function createFakeTower(version: ModelVersionId): FakeTower {
  let disposed = false;
  const embedded: QueryInput[] = [];
  return {
    dimension,
    vectorsPerQuery: 1,
    embedded,
    get disposed() {
      return disposed;
    },
    embed: (queries) => {
      if (disposed) throw new Error(`tower ${version} is used after its end`);
      embedded.push(...queries);
      return Float32Array.from(queries.flatMap(({ history }) => [numberOf(version), history.length]));
    },
    dispose: () => {
      disposed = true;
    },
  };
}

/** An index that answers by a function and fails when it is used after its end. */
export interface FakeIndex extends ItemIndex {
  readonly closed: boolean;
  readonly requests: readonly SearchRequest[];
}

type Answer = (request: SearchRequest) => readonly Hit[] | Promise<readonly Hit[]>;

export function createFakeIndex(indexId: string, answer: Answer, spec: Partial<IndexSpec> = {}): FakeIndex {
  let closed = false;
  const requests: SearchRequest[] = [];
  const refuse = () => Promise.reject(new Error('not in this test'));
  return {
    indexId,
    spec: {
      dimension,
      metric: 'dot',
      attributes: {},
      manifest: { modelVersion: indexId.split('.')[0], catalogueTimeMs: 7 },
      ...spec,
    },
    requests,
    get closed() {
      return closed;
    },
    search: async (request) => {
      requests.push(request);
      const hits = await answer(request);
      if (closed) throw new Error(`index ${indexId} is used after its end`);
      return hits.filter(({ itemId }) => !request.exclude?.has(itemId)).slice(0, request.k);
    },
    close: async () => {
      closed = true;
    },
    get: async (itemIds) =>
      itemIds
        .filter((itemId) => itemId !== 'gone')
        .map((itemId) => ({ itemId, vector: Float32Array.of(1, 0), attributes: { genre: `of ${itemId}` } })),
    upsert: refuse,
    remove: refuse,
    seal: refuse,
    count: refuse,
    sample: refuse,
  };
}

/** Hits in the given order, scores falling from 1. */
export const hitsOf = (...itemIds: readonly ItemId[]): Hit[] =>
  itemIds.map((itemId, i) => ({ itemId, score: 1 - i / 1024 }));

/** A pair whose every answer names its version: items are `<version of the index>/<version of the query vector>/<n>`. */
export function createFakePair(version: ModelVersionId, overrides: Partial<ServingPair> = {}): ServingPair {
  const answer: Answer = async ({ vector, k }) => {
    await new Promise(setImmediate);
    return hitsOf(...Array.from({ length: Math.min(k, 20) }, (_, n) => `${version}/${vector[0]}/${n}`));
  };
  return {
    version,
    queryTower: createFakeTower(version),
    index: createFakeIndex(`${version}.1`, answer),
    searchEffort: 0,
    popular: hitsOf('p1', 'p2', 'p3').map((hit) => ({ ...hit, attributes: { year: Number(hit.itemId.slice(1)) } })),
    schema,
    offsets: {},
    modelEventTimeMs: 5,
    catalogueTimeMs: 7,
    ...overrides,
  };
}

export function userRecordOf(history: readonly ItemId[], seen: readonly ItemId[] = history): UserRecord {
  return {
    history: history.map((itemId, i) => ({ itemId, eventTimeMs: 100 + i })),
    hasSeen: (itemId) => seen.includes(itemId),
    seenKeys: new Uint32Array(seen.length * 2),
    lastEventTimeMs: 100 + history.length - 1,
  };
}

/** What was logged: `level message` and the fields. */
export interface LogLine {
  readonly line: string;
  readonly fields: LogFields;
}

export function createRecordingLogger(): Logger & { readonly lines: readonly LogLine[] } {
  const lines: LogLine[] = [];
  const at =
    (level: string) =>
    (message: string, fields: LogFields = {}) => {
      lines.push({ line: `${level} ${message}`, fields });
    };
  const logger = { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  return { ...logger, child: () => ({ ...logger, child: () => createRecordingLogger() }) };
}

const empty: Snapshot = { tensors: {}, metadata: null };

/** A model store in memory whose versions are `tower` and `canaries`. */
export function createFakeModels() {
  let servable: Pointer | undefined;
  const manifest = async (id: ModelVersionId): Promise<Manifest> => ({
    formatVersion: 1,
    id,
    parent: null,
    kind: 'full',
    base: null,
    schemaHash: schema.hash,
    files: [],
    offsets: {},
    metrics: { eventTimeMs: 5 },
    createdAtMs: 0,
  });
  const load = async (id: ModelVersionId, parts: readonly string[] = []): Promise<LoadedVersion> => ({
    manifest: await manifest(id),
    parts: Object.fromEntries(parts.map((part) => [part, { ...empty, metadata: id }])),
  });
  return {
    pointer: async () => servable,
    point: (to: Pointer) => {
      servable = to;
    },
    list: async () => [],
    manifest,
    load,
  };
}

const query: QueryInput = { features: {}, history: [], context: {}, requestTimeMs: 0 };

/** The model library of {@link createFakeModels}; canaries are off by `skew`. */
export function createFakeTowers(
  canaryCount = 40,
  skew = 0,
): TowerLibrary & { readonly restored: readonly FakeTower[] } {
  const restored: FakeTower[] = [];
  return {
    restored,
    servingParts: () => ['tower'],
    restoreQueryTower: (parts) => {
      const tower = createFakeTower(parts['tower'].metadata as ModelVersionId);
      restored.push(tower);
      return tower;
    },
    readCanaries: ({ metadata }) =>
      Array.from({ length: canaryCount }, (_, i): Canary => ({
        query,
        vector: Float32Array.of(numberOf(metadata as ModelVersionId), i === 0 ? skew : 0),
        nextItemId: `n${i}`,
      })),
    schemaOf: () => schema,
  };
}

/** Tells nobody. */
export const noTelemetry: Telemetry = {
  answered: () => undefined,
  spent: () => undefined,
  sourceFailed: () => undefined,
  closed: () => undefined,
};

export const noTracing: Tracing = {
  call: () => ({ run: (work) => work(), end: () => undefined }),
  stage: (_, run) => run(),
  describe: () => undefined,
};
