import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { ModelVersionId } from '@gatehouse/domain';

/** A stored checkpoint, read with no help from the product's own code. */
export interface Checkpoint {
  readonly version: ModelVersionId;
  /** Path of the version's folder. */
  readonly folder: string;
  /** Bytes of every part, by the name of its file. */
  readonly files: ReadonlyMap<string, Buffer>;
  /** Next offset to read. */
  readonly offset: number;
  readonly counts: {
    readonly applied: number;
    readonly skipped: number;
    readonly unweighted: number;
    readonly deadLettered: number;
  };
}

/** Reads what the newest checkpoint pointer names. */
export async function readCheckpoint(artifactsFolder: string): Promise<Checkpoint> {
  const pointers = join(artifactsFolder, 'pointers', 'checkpoint');
  const epochs = (await readdir(pointers)).filter((name) => /^\d+\.json$/.test(name)).map((name) => parseInt(name, 10));
  const { pointer } = await readJson<{ pointer: { version: string } }>(join(pointers, `${Math.max(...epochs)}.json`));
  const folder = join(artifactsFolder, 'versions', pointer.version);
  const { offsets } = await readJson<{ offsets: { impressions: Record<number, number> } }>(
    join(folder, 'manifest.json'),
  );
  const names = (await readdir(folder)).filter((name) => name !== 'manifest.json').sort();
  const files = new Map<string, Buffer>();
  for (const name of names) files.set(name, await readFile(join(folder, name)));
  const [applied, skipped, unweighted, deadLettered] = doublesOf(files.get('progress.safetensors')!);
  return {
    version: pointer.version,
    folder,
    files,
    offset: offsets.impressions[0],
    counts: { applied, skipped, unweighted, deadLettered },
  };
}

async function readJson<T>(file: string): Promise<T> {
  return JSON.parse(await readFile(file, 'utf8')) as T;
}

/** Values of a safetensors file that holds one F64 tensor: 8 bytes of header length, the header, the data. */
function doublesOf(file: Buffer): number[] {
  const start = 8 + Number(file.readBigUInt64LE(0));
  return Array.from({ length: (file.length - start) / 8 }, (_, i) => file.readDoubleLE(start + 8 * i));
}
