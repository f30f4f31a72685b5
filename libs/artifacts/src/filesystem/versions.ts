import { join } from 'node:path';

import { compareModelVersions, type ModelVersionId, parseModelVersion } from '@gatehouse/domain';

import { DamagedVersionError, MissingVersionError } from '../errors';
import type { Manifest } from '../model-store';
import { FormatError } from './format-error';
import { decodeManifest, isVersionId, manifestName } from './manifest-file';
import { readFile } from './read-file';
import { type StoreFs, systemCode } from './store-fs';

/** The folder that holds one folder per version. */
export function versionsFolder(folder: string): string {
  return join(folder, 'versions');
}

/** The folder of one version. @throws RangeError for anything but a version id, so no id leads out of the store. */
export function versionFolder(folder: string, id: ModelVersionId): string {
  parseModelVersion(id);
  return join(versionsFolder(folder), id);
}

/** Ids that have a manifest, oldest first. */
export async function listVersions(fs: StoreFs, folder: string): Promise<ModelVersionId[]> {
  const ids: ModelVersionId[] = [];
  for (const name of await fs.names(versionsFolder(folder))) {
    if (isVersionId(name) && (await fs.kind(join(versionFolder(folder, name), manifestName))) === 'file')
      ids.push(name);
  }
  return ids.sort(compareModelVersions);
}

/** @throws MissingVersionError, DamagedVersionError, UnsupportedVersionError. */
export async function readManifest(fs: StoreFs, folder: string, id: ModelVersionId): Promise<Manifest> {
  return (await readHashedManifest(fs, folder, id)).manifest;
}

/** {@link readManifest}, and the SHA-256 of its file. */
export async function readHashedManifest(
  fs: StoreFs,
  folder: string,
  id: ModelVersionId,
): Promise<{ manifest: Manifest; sha256: string }> {
  await checkIsFolder(fs, folder, id);
  return refusing(fs, folder, id, manifestName, async () => {
    const { bytes, sha256 } = await readFile(fs, join(versionFolder(folder, id), manifestName));
    return { manifest: decodeManifest(bytes, id), sha256 };
  });
}

/** @throws MissingVersionError, DamagedVersionError. */
export async function checkIsFolder(fs: StoreFs, folder: string, id: ModelVersionId): Promise<void> {
  const kind = await fs.kind(versionFolder(folder, id));
  if (kind === undefined) throw new MissingVersionError(id);
  if (kind !== 'folder') throw new DamagedVersionError(id, '.', 'expected a folder, found a file or a link');
}

/** Turns what speaks against the file itself into a refusal of the version. Other failures, such as too many open files, pass. */
export async function refusing<T>(
  fs: StoreFs,
  folder: string,
  id: ModelVersionId,
  file: string,
  read: () => Promise<T>,
): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    const code = systemCode(cause) ?? '';
    if (!(cause instanceof FormatError) && !['ENOENT', 'ELOOP', 'EIO'].includes(code)) throw cause;
    await checkIsFolder(fs, folder, id); // pruned while it was read: missing, not damaged
    throw new DamagedVersionError(id, file, cause instanceof FormatError ? cause.message : `cannot be read: ${code}`, {
      cause,
    });
  }
}
