import {
  type CandidateInput,
  createRandom,
  type QueryInput,
  type Random,
  type Snapshot,
  type Stateful,
} from '@gatehouse/domain';
import type { FeatureSpec, Schema } from '@gatehouse/schema';

import { createCandidateFeature, createQueryFeature } from './features/feature-encoder';
import { createEmbeddingTable, type EmbeddingTable } from './tables/embedding-table';
import { createTower, type Tower } from './tower';

/** Tables and towers of a schema: everything that turns inputs into vectors, and nothing of how it is trained. */
export interface TwoTowerModel {
  readonly schema: Schema;
  readonly tables: ReadonlyMap<string, EmbeddingTable>;
  readonly query: Tower<QueryInput>;
  readonly candidate: Tower<CandidateInput>;
  /** The parts to save and restore. */
  readonly parts: readonly Stateful[];
}

/**
 * Creates the model with random weights.
 *
 * @param random draws the initial weights, and later those of new rows; its state belongs into the checkpoint.
 * @example const model = createTwoTowerModel(schema, createRandom('rows', schema.training.seed));
 */
export function createTwoTowerModel(schema: Schema, random: Random): TwoTowerModel {
  const readers = tableReaders(schema);
  const tables = new Map<string, EmbeddingTable>();
  for (const [table, spec] of Object.entries(schema.tables)) {
    tables.set(table, createEmbeddingTable(`table.${table}`, spec, readers.get(table)?.length ?? 0, random));
  }
  const tableOf = (feature: FeatureSpec): EmbeddingTable => tables.get(feature.table) as EmbeddingTable; // the schema checked it
  const fallbackOf = (feature: FeatureSpec): number => readers.get(feature.table)?.indexOf(feature) ?? 0;
  const query = createTower(
    'query',
    schema,
    schema.query,
    schema.query.features.map((feature) => createQueryFeature(feature, tableOf(feature), fallbackOf(feature))),
    random,
  );
  const candidate = createTower(
    'candidate',
    schema,
    schema.candidate,
    schema.candidate.features.map((feature) => createCandidateFeature(feature, tableOf(feature), fallbackOf(feature))),
    random,
  );
  return { schema, tables, query, candidate, parts: [...tables.values(), query.dense, candidate.dense] };
}

/** Table -> the features that read it: each owns the fallback row at its position. */
function tableReaders({ query, candidate }: Schema): Map<string, FeatureSpec[]> {
  const readers = new Map<string, FeatureSpec[]>();
  for (const feature of [...query.features, ...candidate.features]) {
    readers.set(feature.table, [...(readers.get(feature.table) ?? []), feature]);
  }
  return readers;
}

/** Name of the part that carries the compiled schema of a version. */
export const schemaPart = 'schema';

/** The schema as a part of a version, so that a version can be served with nothing but its own files. */
export function snapshotSchema(schema: Schema): Snapshot {
  return { tensors: {}, metadata: JSON.parse(JSON.stringify(schema)) as Snapshot['metadata'] };
}

/**
 * Restores the model of a version from its parts.
 *
 * @throws RangeError when a part is missing or does not fit the version's own schema.
 * @example const { query } = restoreTwoTowerModel((await store.load(id)).parts);
 */
export function restoreTwoTowerModel(parts: Readonly<Record<string, Snapshot>>): TwoTowerModel {
  const schema = partOf(parts, schemaPart).metadata as unknown as Schema;
  const model = createTwoTowerModel(schema, createRandom('unused', 0));
  for (const part of model.parts) part.restore(partOf(parts, part.name));
  return model;
}

const servingPart = /^(schema|table\.[^.]+|(query|candidate)\.dense)$/;

/**
 * Which of a version's parts {@link restoreTwoTowerModel} needs: all but the optimisers' and the trainer's own.
 *
 * @example servingParts(['schema', 'table.items', 'table.items.adagrad']); // ['schema', 'table.items']
 */
export function servingParts(parts: readonly string[]): string[] {
  return parts.filter((name) => servingPart.test(name));
}

function partOf(parts: Readonly<Record<string, Snapshot>>, name: string): Snapshot {
  const part = parts[name];
  if (!part) throw new RangeError(`model: expected part ${name}, found ${Object.keys(parts).join(', ') || 'none'}`);
  return part;
}
