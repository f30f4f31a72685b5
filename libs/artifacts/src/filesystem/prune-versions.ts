import { join } from 'node:path';

import type { ModelVersionId } from '@gatehouse/domain';

import { DamagedVersionError, MissingVersionError, UnsupportedVersionError } from '../errors';
import type { Manifest, WriterRole } from '../model-store';
import { pointersOf, readPointer } from './pointers';
import type { StoreFs } from './store-fs';
import { temporaryName } from './temporary-name';
import { listVersions, readManifest, versionFolder, versionsFolder } from './versions';

/** What {@link pruneVersions} keeps, and on whose behalf it works. */
export interface Pruning {
  readonly role: WriterRole;
  readonly epoch: number;
  /** How many of the newest versions, and of the newest full ones, stay in any case. */
  readonly keep: number;
  readonly protect: readonly ModelVersionId[];
}

/**
 * Removes versions beyond the newest `keep` and the newest `keep` full ones, but none that is protected, pointed to, or in the chain
 * of a delta that stays. A delta goes before its base, so that whatever cuts this short leaves none without.
 *
 * @returns what was removed, oldest first
 */
export async function pruneVersions(
  fs: StoreFs,
  folder: string,
  { role, epoch, keep, protect }: Pruning,
): Promise<ModelVersionId[]> {
  const ids = await listVersions(fs, folder);
  const manifests = new Map<ModelVersionId, Manifest>();
  for (const id of ids) {
    const manifest = await readIfSound(fs, folder, id);
    if (manifest) manifests.set(id, manifest);
  }
  const full = ids.filter((id) => manifests.get(id)?.kind === 'full');
  const kept = new Set<ModelVersionId>();
  const stay = (id: ModelVersionId): void => {
    // A version that cannot be read keeps its own place and nothing else.
    for (let each: ModelVersionId | null = id; each !== null; each = manifests.get(each)?.base ?? null) kept.add(each);
  };
  for (const id of [...newest(ids, keep), ...newest(full, keep), ...protect, ...(await pointedTo(fs, folder))])
    stay(id);

  const removed: ModelVersionId[] = [];
  for (const id of [...ids].reverse()) {
    if (kept.has(id)) continue;
    if (await removeUnlessPointedTo(fs, folder, id, temporaryName(role, epoch))) removed.unshift(id);
    else stay(id);
  }
  return removed;
}

function newest(ids: readonly ModelVersionId[], count: number): readonly ModelVersionId[] {
  return ids.slice(Math.max(0, ids.length - count));
}

/** Renames first, so that no reader meets half a version, and looks at the pointers again: one may have moved here meanwhile. */
async function removeUnlessPointedTo(fs: StoreFs, folder: string, id: ModelVersionId, as: string): Promise<boolean> {
  const aside = join(versionsFolder(folder), as);
  await fs.rename(versionFolder(folder, id), aside);
  if ((await pointedTo(fs, folder)).includes(id)) {
    await fs.rename(aside, versionFolder(folder, id));
    return false;
  }
  await fs.syncFolder(versionsFolder(folder));
  await fs.remove(aside);
  return true;
}

async function pointedTo(fs: StoreFs, folder: string): Promise<ModelVersionId[]> {
  const pointers = await Promise.all(
    Object.values(pointersOf)
      .flat()
      .map((name) => readPointer(fs, folder, name)),
  );
  return pointers.flatMap((pointer) => (pointer ? [pointer.version] : []));
}

async function readIfSound(fs: StoreFs, folder: string, id: ModelVersionId): Promise<Manifest | undefined> {
  try {
    return await readManifest(fs, folder, id);
  } catch (error) {
    const refused = [DamagedVersionError, MissingVersionError, UnsupportedVersionError].some(
      (each) => error instanceof each,
    );
    if (refused) return undefined;
    throw error;
  }
}
