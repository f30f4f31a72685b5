import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

import { IndexDamagedError } from '../errors';
import { indexSpecSchema, storedSpec } from '../index-spec-schema';
import type { IndexSpec } from '../item-index';
import { PointTable } from '../point-table';
import { describeFile, type FileDescription } from './describe-file';
import { buildGraph, type Graph, type GraphOptions, viewGraph } from './graph';
import { readPointsFile, writePointsFile } from './points-file';
import { readVectorsFile, writeVectorsFile } from './vectors-file';
import { writeDurably } from './write-durably';

/** The marker: written last, so whoever sees it sees a whole index. */
export const markerFile = 'index.json';
/** Changes since the index was sealed. */
export const deltaFile = 'delta.log';
const vectorsFile = 'vectors.f32';
const pointsFile = 'points.jsonl';
const graphFile = 'graph.usearch';

const description = z.strictObject({ bytes: z.int().min(0), sha256: z.string().regex(/^[0-9a-f]{64}$/) });
const markerSchema = z.strictObject({
  formatVersion: z.literal(2),
  indexId: z.string(),
  spec: indexSpecSchema,
  count: z.int().min(0),
  /** Every file but the delta log, which changes. */
  files: z.record(z.string(), description),
});
type Marker = z.infer<typeof markerSchema>;

/** What {@link readSealedFiles} loads. */
export interface SealedFiles {
  readonly spec: IndexSpec;
  readonly points: PointTable;
  readonly graph: Graph | undefined;
}

/** Writes the points of an index, their graph from `exactBelow` points on, an empty delta log and, last, the marker. */
export async function writeSealedFiles(
  folder: string,
  indexId: string,
  spec: IndexSpec,
  points: PointTable,
  options: GraphOptions & { readonly exactBelow: number },
): Promise<void> {
  const files: Record<string, FileDescription> = {};
  const write = async (file: string, writeTo: (path: string) => Promise<void>): Promise<void> => {
    await writeDurably(join(folder, file), writeTo);
    files[file] = await describeFile(join(folder, file));
  };
  await write(vectorsFile, (path) => writeVectorsFile(path, points));
  await write(pointsFile, (path) => writePointsFile(path, points));
  if (points.count > 0 && points.count >= options.exactBelow) {
    await write(graphFile, (path) => buildGraph(path, points, spec, options));
  }
  await writeDurably(join(folder, deltaFile), (path) => writeFile(path, ''));
  const marker: Marker = {
    formatVersion: 2,
    indexId,
    spec: storedSpec(spec),
    count: points.count,
    files,
  };
  await writeDurably(join(folder, markerFile), (path) => writeFile(path, `${JSON.stringify(marker, undefined, 2)}\n`));
}

/**
 * Loads an index after comparing every file with the marker: the native code trusts what it maps.
 *
 * @throws IndexDamagedError naming file, expected and found; ENOENT when a file is missing.
 */
export async function readSealedFiles(folder: string, indexId: string, options: GraphOptions): Promise<SealedFiles> {
  const { spec, count, files } = parseMarker(await readFile(join(folder, markerFile), 'utf8'), indexId);
  for (const [file, expected] of Object.entries(files)) {
    const found = await describeFile(join(folder, file));
    if (found.bytes === expected.bytes && found.sha256 === expected.sha256) continue;
    throw new IndexDamagedError(indexId, file, describe(expected), describe(found));
  }
  const points = new PointTable(
    spec.dimension,
    await readVectorsFile(join(folder, vectorsFile), count * spec.dimension),
  );
  for await (const rows of readPointsFile(join(folder, pointsFile))) {
    for (const [itemId, attributes] of rows) points.adopt(itemId, attributes);
  }
  const graph = graphFile in files ? viewGraph(join(folder, graphFile), spec, options) : undefined;
  return { spec, points, graph };
}

function parseMarker(text: string, indexId: string): Marker {
  try {
    return markerSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new IndexDamagedError(indexId, markerFile, 'a marker of format 2', 'other text', { cause });
  }
}

function describe({ bytes, sha256 }: FileDescription): string {
  return `${bytes} bytes with sha256 ${sha256}`;
}
