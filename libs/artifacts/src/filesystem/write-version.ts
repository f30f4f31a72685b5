import { join } from 'node:path';

import { parseModelVersion } from '@gatehouse/domain';

import { DiskFullError, VersionExistsError } from '../errors';
import type { Manifest, ManifestFile, VersionDraft } from '../model-store';
import { encodeManifest, manifestName } from './manifest-file';
import { encodeSafetensors } from './safetensors';
import type { StoreFs } from './store-fs';
import { temporaryName } from './temporary-name';
import { fileOfPart, versionFolder, versionsFolder } from './versions';
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
 * @throws RangeError for a draft that could not be read again; VersionExistsError; DiskFullError before anything is written.
 */
export async function writeVersion(draft: VersionDraft, writing: VersionWriting): Promise<Manifest> {
  const { fs, folder, epoch } = writing;
  const pieces = Object.entries(draft.parts).map(([part, snapshot]) => ({
    name: fileOfPart(part),
    content: encodeSafetensors(snapshot),
  }));
  const planned = pieces.map(({ name, content }) => ({ name, bytes: bytesIn(content), sha256: noHash }));
  const plannedManifest = encodeManifest(manifestOf(draft, writing, planned)); // refuses a bad draft before anything is written
  if (parseModelVersion(draft.id).epoch !== epoch)
    throw new RangeError(`version id: expected epoch ${epoch}, found ${draft.id}`);
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
    const manifest = manifestOf(draft, writing, files);
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

function manifestOf(draft: VersionDraft, { createdAtMs }: VersionWriting, files: readonly ManifestFile[]): Manifest {
  const { id, parent, schemaHash, offsets, metrics } = draft;
  return { formatVersion: 1, id, parent, kind: 'full', base: null, schemaHash, files, offsets, metrics, createdAtMs };
}

async function checkFreeSpace(fs: StoreFs, folder: string, bytes: number): Promise<void> {
  const freeBytes = await fs.freeBytes(folder);
  if (freeBytes <= 2 * bytes) throw new DiskFullError(folder, 2 * bytes, freeBytes);
}

function bytesIn(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, piece) => sum + piece.length, 0);
}
