import { compareModelVersions, type ModelVersionId } from '@gatehouse/domain';

import { DamagedVersionError, MissingVersionError, NoUsableVersionError } from './errors';
import type { LoadedVersion, ModelReader, PointerName } from './model-store';

/** A version that cannot be used, though an older one may be. */
export type RefusedVersion = DamagedVersionError | MissingVersionError;

/**
 * Loads the version that a pointer names or, when it is damaged or missing, the newest sound one before it.
 * Each version is whole in itself with its own offsets, so an older one costs a replay and loses nothing.
 *
 * @param from a pointer, or the versions to try in that order
 * @param parts names of the parts to load; all when undefined
 * @param onRefused told of every version that was passed over
 * @param maxBack how many versions to go back at most, so that a rotten disk stops the start instead of ageing the model
 * @returns undefined when the pointer was never written or the list is empty
 * @throws NoUsableVersionError when there are versions, but none of those tried is sound
 * @example const newest = await loadNewest(store, 'checkpoint', undefined, (error) => log.error('checkpoint.refused', { error }));
 */
export async function loadNewest(
  reader: Pick<ModelReader, 'pointer' | 'list' | 'load'>,
  from: PointerName | readonly ModelVersionId[],
  parts?: readonly string[],
  onRefused: (error: RefusedVersion) => void = () => undefined,
  maxBack = 2,
): Promise<LoadedVersion | undefined> {
  const candidates = typeof from === 'string' ? await pointedAndOlder(reader, from) : from;
  const tried: ModelVersionId[] = [];
  let cause: RefusedVersion | undefined;
  for (const id of candidates.slice(0, 1 + maxBack)) {
    try {
      return await reader.load(id, parts);
    } catch (error) {
      if (!(error instanceof DamagedVersionError || error instanceof MissingVersionError)) throw error;
      onRefused(error);
      tried.push(id);
      cause ??= error;
    }
  }
  if (cause) throw new NoUsableVersionError(tried, { cause });
  return undefined;
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
