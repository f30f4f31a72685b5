import { join } from 'node:path';

import type { ModelVersionId } from '@gatehouse/domain';

import { DamagedVersionError, UnsupportedVersionError } from '../errors';
import type { WriterRole } from '../model-store';
import { pointersOf, readPointer } from './pointers';
import type { StoreFs } from './store-fs';
import { temporaryName } from './temporary-name';
import { listVersions, readManifest, versionFolder, versionsFolder } from './versions';

/** What {@link pruneVersions} keeps, and on whose behalf it works. */
export interface Pruning {
  readonly role: WriterRole;
  readonly epoch: number;
  /** How many of the newest versions stay in any case. */
  readonly keep: number;
  readonly protect: readonly ModelVersionId[];
}

/**
 * Removes versions beyond the newest `keep`, but none that is protected, pointed to, or the base of a delta that stays.
 *
 * @returns what was removed, oldest first
 */
export async function pruneVersions(
  fs: StoreFs,
  folder: string,
  { role, epoch, keep, protect }: Pruning,
): Promise<ModelVersionId[]> {
  const ids = await listVersions(fs, folder);
  const kept = new Set([...ids.slice(Math.max(0, ids.length - keep)), ...protect, ...(await pointedTo(fs, folder))]);
  for (const id of kept) {
    const base = ids.includes(id) ? await baseOf(fs, folder, id) : null;
    if (base !== null) kept.add(base); // visited by this loop too, as it comes later in the set
  }
  const removed: ModelVersionId[] = [];
  for (const id of ids.filter((each) => !kept.has(each))) {
    if (await removeUnlessPointedTo(fs, folder, id, temporaryName(role, epoch))) removed.push(id);
  }
  return removed;
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

async function baseOf(fs: StoreFs, folder: string, id: ModelVersionId): Promise<ModelVersionId | null> {
  try {
    return (await readManifest(fs, folder, id)).base;
  } catch (error) {
    // A version that cannot be read keeps its own place and nothing else.
    if (error instanceof DamagedVersionError || error instanceof UnsupportedVersionError) return null;
    throw error;
  }
}
