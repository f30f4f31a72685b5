import type { ModelVersionId } from '@gatehouse/domain';

import { DamagedVersionError, MissingVersionError } from '../errors';
import { type Manifest, maxDeltas } from '../model-store';
import { manifestName } from './manifest-file';
import type { StoreFs } from './store-fs';
import { checkIsFolder, readHashedManifest } from './versions';

/** What a version rests on. */
export interface VersionChain {
  /** A full version, then the deltas that were made one from another; the last is the version itself. */
  readonly manifests: readonly Manifest[];
  /** SHA-256 of the last one's manifest. */
  readonly sha256: string;
}

/**
 * Reads the manifests that a version rests on, each checked against the hash that the one after it has of it.
 *
 * @throws MissingVersionError for the version itself; UnsupportedVersionError; DamagedVersionError naming the one in the chain that
 * cannot be used, or that names a base which is missing, another than it was made from, or of another schema.
 */
export async function readChain(fs: StoreFs, folder: string, id: ModelVersionId): Promise<VersionChain> {
  const { manifest, sha256 } = await readHashedManifest(fs, folder, id);
  const manifests = [manifest];
  for (let delta = manifest; delta.base !== null;) {
    if (manifests.length > maxDeltas)
      throw new DamagedVersionError(id, manifestName, `expected at most ${maxDeltas} deltas to resolve, found more`);
    const { base: baseId } = delta;
    const base = await orMissingBase(fs, folder, id, delta, () => readHashedManifest(fs, folder, baseId));
    if (base.sha256 !== delta.baseSha256)
      throw brokenLink(delta, `a base whose manifest has SHA-256 ${delta.baseSha256}`, base.sha256);
    if (base.manifest.schemaHash !== delta.schemaHash)
      throw brokenLink(delta, `a base of schema ${delta.schemaHash}`, base.manifest.schemaHash);
    delta = base.manifest;
    manifests.unshift(delta);
  }
  return { manifests, sha256 };
}

/** Turns the lack of a base into a refusal of the delta that names it, unless all was pruned meanwhile: then `id` is missing. */
export async function orMissingBase<T>(
  fs: StoreFs,
  folder: string,
  id: ModelVersionId,
  delta: Pick<Manifest, 'id'>,
  read: () => Promise<T>,
): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    if (!(cause instanceof MissingVersionError) || cause.version === id) throw cause;
    await checkIsFolder(fs, folder, id); // a base is pruned after what rests on it
    throw brokenLink(delta, `its base ${cause.version} in the store`, 'none', { cause });
  }
}

function brokenLink(
  { id }: Pick<Manifest, 'id'>,
  expected: string,
  found: string,
  options?: ErrorOptions,
): DamagedVersionError {
  return new DamagedVersionError(id, manifestName, `expected ${expected}, found ${found}`, options);
}
