import { join } from 'node:path';

import { compareModelVersions, parseModelVersion } from '@gatehouse/domain';

import { DiskFullError, VersionExistsError } from '../errors';
import { type Manifest, type ManifestFile, maxDeltas, type VersionDraft } from '../model-store';
import { partsOf } from '../parts-of';
import { encodeManifest, manifestName } from './manifest-file';
import { fileOfPart, patchFileOfPart } from './part-files';
import { encodePatch } from './patch-file';
import { encodeSafetensors } from './safetensors';
import type { StoreFs } from './store-fs';
import { temporaryName } from './temporary-name';
import { readChain } from './version-chain';
import { versionFolder, versionsFolder } from './versions';
import { writeFile } from './write-file';

/** Collaborators of {@link writeVersion}. */
export interface VersionWriting {
  readonly fs: StoreFs;
  readonly folder: string;
  readonly epoch: number;
  readonly createdAtMs: number;
}

const noHash = '0'.repeat(64);

/**
 * Writes a version: all files into a temporary folder, the manifest last, each synced; then one rename makes it visible.
 * A crash at any point leaves nothing visible, or the whole version.
 *
 * @throws RangeError for a draft that could not be read again; VersionExistsError; MissingVersionError or DamagedVersionError for a
 * base that cannot be built on; DiskFullError before anything is written.
 */
export async function writeVersion(draft: VersionDraft, writing: VersionWriting): Promise<Manifest> {
  const { fs, folder, epoch } = writing;
  const pieces = encodeParts(draft);
  const planned = pieces.map(({ name, content }) => ({ name, bytes: bytesIn(content), sha256: noHash }));
  if (parseModelVersion(draft.id).epoch !== epoch)
    throw new RangeError(`version id: expected epoch ${epoch}, found ${draft.id}`);
  const base = await baseOf(draft, writing);
  const manifestWith = (files: readonly ManifestFile[]): Manifest => manifestOf(draft, base, writing, files);
  const plannedManifest = encodeManifest(manifestWith(planned)); // refuses a bad draft before anything is written
  const final = versionFolder(folder, draft.id);
  if ((await fs.kind(final)) !== undefined) throw new VersionExistsError(draft.id);
  await checkFreeSpace(
    fs,
    folder,
    planned.reduce((sum, { bytes }) => sum + bytes, plannedManifest.length),
  );

  let place = join(versionsFolder(folder), temporaryName('trainer', epoch));
  try {
    await fs.makeFolder(place);
    const files: ManifestFile[] = [];
    for (const { name, content } of pieces) files.push({ name, ...(await writeFile(fs, join(place, name), content)) });
    const manifest = manifestWith(files);
    await writeFile(fs, join(place, manifestName), [encodeManifest(manifest)]);
    await fs.syncFolder(place);
    await fs.rename(place, final);
    place = final;
    await fs.syncFolder(versionsFolder(folder));
    return manifest;
  } catch (error) {
    await fs.remove(place).catch(() => undefined); // the next leader removes it; nothing points to it
    throw error;
  }
}

/** One file a part. Names ending in `.patch` are kept free, because they would read as changes of another part. */
function encodeParts({ parts, patches = {} }: VersionDraft): { name: string; content: Uint8Array[] }[] {
  for (const part of [...Object.keys(parts), ...Object.keys(patches)]) {
    if (part.endsWith('.patch')) throw new RangeError(`part name: expected another ending than .patch, found ${part}`);
  }
  return [
    ...Object.entries(parts).map(([part, whole]) => ({ name: fileOfPart(part), content: encodeSafetensors(whole) })),
    ...Object.entries(patches).map(([part, patch]) => ({ name: patchFileOfPart(part), content: encodePatch(patch) })),
  ];
}

type BaseFields = Pick<Manifest, 'kind' | 'base' | 'baseSha256'>;

/** What the manifest says of the base, which must be one that a reader can resolve the draft from. */
async function baseOf(
  { id, base = null, schemaHash, patches = {} }: VersionDraft,
  { fs, folder }: VersionWriting,
): Promise<BaseFields> {
  if (base === null) return { kind: 'full', base };
  const problem = (expected: string, found: unknown): RangeError =>
    new RangeError(`version ${id}: base: expected ${expected}, found ${String(found)}`);
  if (compareModelVersions(base, id) >= 0) throw problem('an older version', base);
  const { manifests, sha256 } = await readChain(fs, folder, base);
  const manifest = manifests[manifests.length - 1];
  if (manifests.length > maxDeltas)
    throw problem(`at most ${maxDeltas} deltas to resolve, this one included`, manifests.length);
  if (manifest.schemaHash !== schemaHash) throw problem(`schema ${schemaHash}`, manifest.schemaHash);
  const held = partsOf(manifest);
  const unknown = Object.keys(patches).find((part) => !held.includes(part));
  if (unknown !== undefined) throw problem(`a part ${unknown}`, held.join(', ') || 'none');
  return { kind: 'delta', base, baseSha256: sha256 };
}

function manifestOf(
  { id, parent, schemaHash, offsets, metrics }: VersionDraft,
  base: BaseFields,
  { createdAtMs }: VersionWriting,
  files: readonly ManifestFile[],
): Manifest {
  return { formatVersion: 1, id, parent, ...base, schemaHash, files, offsets, metrics, createdAtMs };
}

async function checkFreeSpace(fs: StoreFs, folder: string, bytes: number): Promise<void> {
  const freeBytes = await fs.freeBytes(folder);
  if (freeBytes <= 2 * bytes) throw new DiskFullError(folder, 2 * bytes, freeBytes);
}

function bytesIn(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, piece) => sum + piece.length, 0);
}
