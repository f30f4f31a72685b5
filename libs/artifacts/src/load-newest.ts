import { compareModelVersions, type ModelVersionId } from '@gatehouse/domain';

import { DamagedVersionError, MissingVersionError, NoUsableVersionError, VersionError } from './errors';
import type { LoadedVersion, ModelReader, PointerName } from './model-store';

/** A version that cannot be used, though an older one may be. */
export type RefusedVersion = DamagedVersionError | MissingVersionError;

/**
 * Loads the version that a pointer names or, when it is damaged or missing, the newest sound one before it.
 * Each version has its own offsets, so an older one costs a replay and loses nothing. What rests on a version that was refused is
 * passed over without a try: however many deltas hang on it, a damaged base counts once.
 *
 * @param from a pointer, or the versions to try in that order
 * @param parts names of the parts to load; all when undefined
 * @param onRefused told of what was refused in each try; for a delta that may be a version in its chain
 * @param maxBack how often to try again at most, so that a rotten disk stops the start instead of ageing the model
 * @returns undefined when the pointer was never written or the list is empty
 * @throws NoUsableVersionError when there are versions, but none of those tried is sound
 * @example const newest = await loadNewest(store, 'checkpoint', undefined, (error) => log.error('checkpoint.refused', { error }));
 */
export async function loadNewest(
  reader: Pick<ModelReader, 'pointer' | 'list' | 'manifest' | 'load'>,
  from: PointerName | readonly ModelVersionId[],
  parts?: readonly string[],
  onRefused: (error: RefusedVersion) => void = () => undefined,
  maxBack = 2,
): Promise<LoadedVersion | undefined> {
  const candidates = typeof from === 'string' ? await pointedAndOlder(reader, from) : from;
  const tried: ModelVersionId[] = [];
  const refused = new Set<ModelVersionId>();
  let cause: RefusedVersion | undefined;
  for (const id of candidates) {
    if (tried.length > maxBack) break;
    if (refused.size > 0 && (await restsOn(reader, id, refused))) continue;
    try {
      return await reader.load(id, parts);
    } catch (error) {
      if (!(error instanceof DamagedVersionError || error instanceof MissingVersionError)) throw error;
      onRefused(error);
      tried.push(id);
      refused.add(error.version);
      cause ??= error;
    }
  }
  if (cause) throw new NoUsableVersionError(tried, { cause });
  return undefined;
}

/** Whether a version, or one in its chain of bases, was refused. What cannot be read is left for a try to tell. */
async function restsOn(
  reader: Pick<ModelReader, 'manifest'>,
  id: ModelVersionId,
  refused: ReadonlySet<ModelVersionId>,
): Promise<boolean> {
  try {
    let each: ModelVersionId | null = id;
    while (each !== null && !refused.has(each)) each = (await reader.manifest(each)).base;
    return each !== null;
  } catch (error) {
    if (error instanceof VersionError) return false;
    throw error;
  }
}

async function pointedAndOlder(
  reader: Pick<ModelReader, 'pointer' | 'list'>,
  name: PointerName,
): Promise<ModelVersionId[]> {
  const pointer = await reader.pointer(name);
  if (!pointer) return [];
  const older = (await reader.list()).filter((id) => compareModelVersions(id, pointer.version) < 0);
  return [pointer.version, ...older.reverse()];
}
