import { join } from 'node:path';

import {
  applyPatch,
  type ModelVersionId,
  type Snapshot,
  type SnapshotPatch,
  type StateTensor,
} from '@gatehouse/domain';

import { DamagedVersionError, MissingPartError } from '../errors';
import type { LoadedVersion, Manifest, ManifestFile } from '../model-store';
import { partsOf } from '../parts-of';
import { FormatError } from './format-error';
import { isPatchFile } from './part-files';
import { decodePatch } from './patch-file';
import { readFile } from './read-file';
import { decodeSafetensors } from './safetensors';
import type { StoreFs } from './store-fs';
import { orMissingBase, readChain } from './version-chain';
import { refusing, versionFolder } from './versions';

/** What {@link readVersion} reads, and into what memory. */
export interface VersionReading {
  /** Names of parts; undefined: all. */
  readonly parts: readonly string[] | undefined;
  readonly shared: boolean;
}

/**
 * Reads a version, or only some of its parts, and resolves deltas. Nothing of a file is parsed before its size and SHA-256 were found
 * right.
 *
 * @throws MissingVersionError, MissingPartError, DamagedVersionError, UnsupportedVersionError.
 */
export async function readVersion(
  fs: StoreFs,
  folder: string,
  id: ModelVersionId,
  { parts, shared }: VersionReading,
): Promise<LoadedVersion> {
  const { manifests } = await readChain(fs, folder, id);
  const manifest = manifests[manifests.length - 1];
  const held = partsOf(manifest);
  const missing = parts?.find((part) => !held.includes(part));
  if (missing !== undefined) throw new MissingPartError(id, missing, held);

  const snapshots: [string, Snapshot][] = [];
  for (const part of parts ?? held) {
    const read = (): Promise<Snapshot> => readPart(fs, folder, manifests, part, shared);
    snapshots.push([part, await orMissingBase(fs, folder, id, manifest, read)]);
  }
  return { manifest, parts: Object.fromEntries(snapshots) };
}

/** One part: the newest file that holds it whole, then the changes after it. */
async function readPart(
  fs: StoreFs,
  folder: string,
  manifests: readonly Manifest[],
  part: string,
  shared: boolean,
): Promise<Snapshot> {
  const allocate = (bytes: number): ArrayBufferLike => (shared ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes));
  const read = <T>({ id }: Manifest, file: ManifestFile, decode: (bytes: Uint8Array) => T): Promise<T> =>
    refusing(fs, folder, id, file.name, async () => {
      const path = join(versionFolder(folder, id), file.name);
      const { bytes, sha256 } = await readFile(fs, path, { expectedBytes: file.bytes, shared });
      if (sha256 !== file.sha256) throw new FormatError(`expected SHA-256 ${file.sha256}, found ${sha256}`);
      return decode(bytes);
    });

  const files = filesOfPart(manifests, part);
  let snapshot = await read(files[0].manifest, files[0].file, decodeSafetensors);
  for (const { manifest, file } of files.slice(1)) {
    const base = snapshot;
    snapshot = await read(manifest, file, (bytes) => change(base, decodePatch(bytes), allocate));
  }
  return snapshot;
}

interface PartFile {
  readonly manifest: Manifest;
  readonly file: ManifestFile;
}

/** The files of a part that are needed, in the order in which they apply. */
function filesOfPart(manifests: readonly Manifest[], part: string): PartFile[] {
  const files: PartFile[] = [];
  for (const manifest of [...manifests].reverse()) {
    const file = manifest.files[partsOf(manifest).indexOf(part)];
    if (!file) {
      const found = partsOf(manifest).join(', ') || 'none';
      const [{ manifest: delta, file: patch }] = files;
      throw new DamagedVersionError(delta.id, patch.name, `expected part ${part} in ${manifest.id}, found ${found}`);
    }
    files.unshift({ manifest, file });
    if (!isPatchFile(file.name)) break;
  }
  return files;
}

/** Applies a patch to arrays that nobody else has seen yet. */
function change(base: Snapshot, patch: SnapshotPatch, allocate: (bytes: number) => ArrayBufferLike): Snapshot {
  try {
    return applyPatch(base, withoutFile(patch, allocate), { inPlace: true, allocate });
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new FormatError(cause.message, { cause });
  }
}

/** The patch with copies of its tensors: a view would keep the whole file in memory, rows included, once these are in the base. */
function withoutFile(patch: SnapshotPatch, allocate: (bytes: number) => ArrayBufferLike): SnapshotPatch {
  if (Object.keys(patch.rows).length === 0) return patch;
  const tensors = Object.entries(patch.tensors).map(([name, { dtype, shape, data }]) => {
    const View = data.constructor as new (buffer: ArrayBufferLike) => StateTensor['data'];
    const copy = new View(allocate(data.byteLength));
    copy.set(data);
    return [name, { dtype, shape, data: copy } as StateTensor] as const;
  });
  return { ...patch, tensors: Object.fromEntries(tensors) };
}
