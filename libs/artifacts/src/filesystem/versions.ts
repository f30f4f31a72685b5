import { join } from 'node:path';

import { compareModelVersions, type ModelVersionId, parseModelVersion } from '@gatehouse/domain';

import { DamagedVersionError, MissingPartError, MissingVersionError, UnsupportedVersionError } from '../errors';
import type { LoadedVersion, Manifest } from '../model-store';
import { FormatError } from './format-error';
import { decodeManifest, isVersionId, manifestName } from './manifest-file';
import { readFile } from './read-file';
import { decodeSafetensors } from './safetensors';
import { type StoreFs, systemCode } from './store-fs';

const extension = '.safetensors';

/** The folder that holds one folder per version. */
export function versionsFolder(folder: string): string {
  return join(folder, 'versions');
}

/** The folder of one version. @throws RangeError for anything but a version id, so no id leads out of the store. */
export function versionFolder(folder: string, id: ModelVersionId): string {
  parseModelVersion(id);
  return join(versionsFolder(folder), id);
}

/** Name of the file that holds a part. */
export function fileOfPart(part: string): string {
  return `${part}${extension}`;
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

/** @throws MissingVersionError, DamagedVersionError, UnsupportedVersionError (of another format). */
export async function readManifest(fs: StoreFs, folder: string, id: ModelVersionId): Promise<Manifest> {
  await checkIsFolder(fs, folder, id);
  return refusing(fs, folder, id, manifestName, async () => {
    const { bytes } = await readFile(fs, join(versionFolder(folder, id), manifestName));
    return decodeManifest(bytes, id);
  });
}

/**
 * Reads a version, or only some of its parts. Nothing of a file is parsed before its size and SHA-256 were found right.
 *
 * @throws MissingVersionError, MissingPartError, DamagedVersionError, UnsupportedVersionError.
 */
export async function readVersion(
  fs: StoreFs,
  folder: string,
  id: ModelVersionId,
  { parts, shared }: { readonly parts: readonly string[] | undefined; readonly shared: boolean },
): Promise<LoadedVersion> {
  const manifest = await readManifest(fs, folder, id);
  if (manifest.kind !== 'full') throw new UnsupportedVersionError(id, `kind ${manifest.kind}`);
  const held = manifest.files.map(({ name }) => name.slice(0, -extension.length));
  const missing = parts?.find((part) => !held.includes(part));
  if (missing !== undefined) throw new MissingPartError(id, missing, held);

  const snapshots: LoadedVersion['parts'][string][] = [];
  const wanted = parts ?? held;
  for (const part of wanted) {
    const file = manifest.files[held.indexOf(part)];
    snapshots.push(
      await refusing(fs, folder, id, file.name, async () => {
        const path = join(versionFolder(folder, id), file.name);
        const { bytes, sha256 } = await readFile(fs, path, { expectedBytes: file.bytes, shared });
        if (sha256 !== file.sha256) throw new FormatError(`expected SHA-256 ${file.sha256}, found ${sha256}`);
        return decodeSafetensors(bytes);
      }),
    );
  }
  return { manifest, parts: Object.fromEntries(wanted.map((part, i) => [part, snapshots[i]])) };
}

async function checkIsFolder(fs: StoreFs, folder: string, id: ModelVersionId): Promise<void> {
  const kind = await fs.kind(versionFolder(folder, id));
  if (kind === undefined) throw new MissingVersionError(id);
  if (kind !== 'folder') throw new DamagedVersionError(id, '.', 'expected a folder, found a file or a link');
}

/** Turns what speaks against the file itself into a refusal of the version. Other failures, such as too many open files, pass. */
async function refusing<T>(
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
