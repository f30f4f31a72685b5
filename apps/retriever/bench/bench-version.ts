import { join } from 'node:path';

import { createFilesystemModelStore } from '@gatehouse/artifacts/filesystem';
import { createRandom, type Item, type ItemId, type ModelVersionId, type QueryInput } from '@gatehouse/domain';
import { createPopularity } from '@gatehouse/evaluation';
import { openEmbeddedItemIndexStore } from '@gatehouse/item-index/embedded';
import { compileSchema } from '@gatehouse/schema';
import {
  canariesPart,
  createCanaryQueries,
  createTrainStep,
  createTwoTowerModel,
  snapshotSchema,
  schemaPart,
  type TwoTowerModel,
} from '@gatehouse/towers';

const schema = compileSchema(
  `
actions: { click: { weight: 1 } }
attributes: { genre: string }
tables: { items: { initialScale: 0.3 }, genres: { initialScale: 1 } } # clusters, as learned vectors have
query: { features: [{ name: history, kind: history, table: items }], layers: [128] }
candidate:
  features: [{ name: id, kind: id, table: items, dropout: 0 }, { name: genre, kind: category, table: genres }]
  layers: [128]
estimator: { kind: exact }
`,
  'bench.yaml',
);

const genres = 200;
const canaryCount = 1000;

/** Items of one version: their ids begin with it, so that an answer shows which index it came from. */
function itemsOf(version: ModelVersionId, count: number): readonly Item[] {
  return Array.from({ length: count }, (_, i) => ({
    itemId: itemIdOf(version, i),
    features: { genre: `genre ${i % genres}` },
    available: true,
  }));
}

/** Id of the n-th item of a version. */
export function itemIdOf(version: ModelVersionId, n: number): ItemId {
  return `${version}/${n}`;
}

/** Places that a retriever reads from. */
export interface BenchFolders {
  readonly artifacts: string;
  readonly index: string;
}

/** Where the versions below one folder lie. */
export function foldersIn(folder: string): BenchFolders {
  return { artifacts: join(folder, 'artifacts'), index: join(folder, 'index') };
}

/** Stores versions with towers 64-128-64 and an embedded index each, and lets the first one serve. */
export async function createVersions(
  { artifacts, index }: BenchFolders,
  versions: readonly ModelVersionId[],
  itemCount: number,
): Promise<void> {
  const models = createFilesystemModelStore({ folder: artifacts });
  const indexes = await openEmbeddedItemIndexStore({ folder: index });
  const trainer = await models.lead('trainer');
  for (const version of versions) {
    const items = itemsOf(version, itemCount);
    const model = createModel(items);
    const queries = createCanaryQueries(canaryCount);
    const popularity = createPopularity('popularity');
    items.slice(0, canaryCount).forEach(({ itemId }, n) => {
      queries.add(queryOf(items, n), itemId);
      popularity.observe(itemId);
    });
    await trainer.save({
      id: version,
      parent: null,
      schemaHash: schema.hash,
      offsets: {},
      metrics: { eventTimeMs: 1 },
      base: null,
      parts: {
        ...Object.fromEntries(model.parts.map((part) => [part.name, part.snapshot()])),
        [schemaPart]: snapshotSchema(schema),
        [canariesPart]: queries.snapshotFor(model.query),
        [popularity.name]: popularity.snapshot(),
      },
    });
    const built = await indexes.create(`${version}.1`, {
      dimension: schema.outputDimension,
      metric: 'dot',
      attributes: schema.attributes,
      manifest: { modelVersion: version, catalogueTimeMs: 1 },
    });
    const vectors = model.candidate.embed(items); // [items, dimension]
    await built.upsert(
      items.map(({ itemId, features }, i) => ({
        itemId,
        vector: vectors.slice(i * schema.outputDimension, (i + 1) * schema.outputDimension),
        attributes: { genre: features['genre'] as string },
      })),
    );
    await built.seal();
    await built.close();
  }
}

/** A model that has a row for every item, as after a step on each. */
function createModel(items: readonly Item[]): TwoTowerModel {
  const model = createTwoTowerModel(schema, createRandom('rows', 1));
  const step = createTrainStep(model, createRandom('dropout', 1));
  for (let from = 0; from < items.length; from += 4096) {
    const candidates = items.slice(from, from + 4096);
    const logQ = new Float32Array(candidates.length);
    step.run({ queries: [queryOf(items, from)], candidates, logQ, weights: Float32Array.of(1) });
  }
  return model;
}

function queryOf(items: readonly Item[], n: number): QueryInput {
  return {
    features: {},
    history: [n, 7 * n].map((at) => ({ itemId: items[at % items.length].itemId, eventTimeMs: at })),
    context: {},
    requestTimeMs: n,
  };
}
