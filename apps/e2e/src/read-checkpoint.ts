import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';

import type { ModelVersionId } from '@gatehouse/domain';

/** A stored checkpoint, read with no help from the product's own code. */
export interface Checkpoint {
  readonly version: ModelVersionId;
  /** Path of the version's folder. */
  readonly folder: string;
  /** Names of the files in that folder. */
  readonly fileNames: readonly string[];
  /** Every part, by its name; deltas are resolved. */
  readonly parts: ReadonlyMap<string, Part>;
  /** Next offset to read, summed over the partitions. */
  readonly offset: number;
  readonly counts: {
    readonly applied: number;
    readonly skipped: number;
    readonly unweighted: number;
    readonly deadLettered: number;
    readonly duplicates: number;
  };
}

/** What a part saved. */
export interface Part {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly metadata: unknown;
}

interface Tensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly bytes: Buffer;
}

/** Reads what the newest checkpoint pointer names. */
export async function readCheckpoint(artifactsFolder: string): Promise<Checkpoint> {
  const pointers = join(artifactsFolder, 'pointers', 'checkpoint');
  const epochs = (await readdir(pointers)).filter((name) => /^\d+\.json$/.test(name)).map((name) => parseInt(name, 10));
  const { pointer } = await readJson<{ pointer: { version: string } }>(join(pointers, `${Math.max(...epochs)}.json`));
  const folder = join(artifactsFolder, 'versions', pointer.version);
  const { offsets } = await readManifest(folder);
  const parts = await readParts(artifactsFolder, pointer.version);
  const progress = parts.get('progress')!.tensors.get('counts')!.bytes;
  const [applied, skipped, unweighted, deadLettered, duplicates] = [0, 1, 2, 3, 9].map((i) =>
    progress.readDoubleLE(8 * i),
  );
  return {
    version: pointer.version,
    folder,
    fileNames: await readdir(folder),
    parts,
    offset: Object.values(offsets.impressions).reduce((sum, offset) => sum + offset, 0),
    counts: { applied, skipped, unweighted, deadLettered, duplicates },
  };
}

/** Names of the parts that are not the same in both. */
export function differingParts(left: Checkpoint, right: Checkpoint): string[] {
  const names = new Set([...left.parts.keys(), ...right.parts.keys()]);
  return [...names].filter((name) => !isDeepStrictEqual(left.parts.get(name), right.parts.get(name)));
}

/** Versions in a store, and what each is a delta of. */
export async function readBases(artifactsFolder: string): Promise<Map<ModelVersionId, ModelVersionId | null>> {
  const folder = join(artifactsFolder, 'versions');
  const bases = new Map<ModelVersionId, ModelVersionId | null>();
  for (const id of await readdir(folder)) bases.set(id, (await readManifest(join(folder, id))).base);
  return bases;
}

interface Manifest {
  readonly base: ModelVersionId | null;
  readonly offsets: { readonly impressions: Readonly<Record<number, number>> };
}

function readManifest(folder: string): Promise<Manifest> {
  return readJson(join(folder, 'manifest.json'));
}

async function readJson<T>(file: string): Promise<T> {
  return JSON.parse(await readFile(file, 'utf8')) as T;
}

async function readParts(artifactsFolder: string, version: ModelVersionId): Promise<Map<string, Part>> {
  const folder = join(artifactsFolder, 'versions', version);
  const { base } = await readManifest(folder);
  const older = base === null ? new Map<string, Part>() : await readParts(artifactsFolder, base);
  const parts = new Map<string, Part>();
  for (const file of (await readdir(folder)).filter((each) => each !== 'manifest.json')) {
    const name = file.replace(/(\.patch)?\.safetensors$/, '');
    const content = parseSafetensors(await readFile(join(folder, file)));
    parts.set(name, file.endsWith('.patch.safetensors') ? patched(older.get(name)!, content) : content);
  }
  return parts;
}

/** A safetensors file: 8 bytes of header length, the header, the data. */
function parseSafetensors(file: Buffer): Part {
  const start = 8 + Number(file.readBigUInt64LE(0));
  const { __metadata__: texts, ...entries } = JSON.parse(file.toString('utf8', 8, start)) as Header;
  const tensors = Object.entries(entries).map(
    ([
      name,
      {
        dtype,
        shape,
        data_offsets: [from, to],
      },
    ]) => {
      return [name, { dtype, shape, bytes: file.subarray(start + from, start + to) }] as const;
    },
  );
  return { tensors: new Map(tensors), metadata: JSON.parse(texts.gatehouse) };
}

type Header = Readonly<Record<string, { dtype: string; shape: number[]; data_offsets: [number, number] }>> & {
  readonly __metadata__: { readonly gatehouse: string };
};

/** A part after the changes that a `.patch.safetensors` file tells. */
function patched(base: Part, patch: Part): Part {
  const { shapes, removed, metadata } = patch.metadata as PatchMetadata;
  const tensors = new Map(base.tensors);
  for (const name of removed) tensors.delete(name);
  for (const [name, tensor] of patch.tensors) {
    if (name.endsWith('.whole')) tensors.set(name.slice(0, -'.whole'.length), tensor);
  }
  for (const [name, shape] of shapes) {
    const { dtype, bytes: before } = tensors.get(name)!;
    const [index, rows] = [`${name}.index`, `${name}.rows`].map((each) => patch.tensors.get(each)!);
    const count = index.shape[0];
    const rowBytes = before.length / tensors.get(name)!.shape[0];
    const bytes = Buffer.alloc(shape[0] * rowBytes);
    before.copy(bytes);
    for (let n = 0; n < count; n++)
      rows.bytes.copy(bytes, index.bytes.readUInt32LE(4 * n) * rowBytes, n * rowBytes, (n + 1) * rowBytes);
    tensors.set(name, { dtype, shape, bytes });
  }
  return { tensors, metadata };
}

interface PatchMetadata {
  readonly shapes: readonly (readonly [name: string, shape: readonly number[]])[];
  readonly removed: readonly string[];
  readonly metadata: unknown;
}
