import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { checkSpec } from '../check-spec';
import { IndexDamagedError, IndexExistsError, IndexNotFoundError, IndexNotSealedError } from '../errors';
import { compareIndexIds, isIndexId, parseIndexId } from '../index-id';
import type { ItemIndex, ItemIndexStore } from '../item-index';
import { BuildingItemIndex } from './building-item-index';
import { DeltaLog } from './delta-log';
import { hasCode } from './has-code';
import { LayeredPoints } from './layered-points';
import { deltaFile, markerFile, readSealedFiles, writeSealedFiles } from './sealed-files';
import { SealedItemIndex } from './sealed-item-index';
import { writeDurably } from './write-durably';

/** Options of {@link openEmbeddedItemIndexStore}. */
export interface EmbeddedItemIndexOptions {
  /** Holds one folder per index, and the file `alias`. Made when it is missing. */
  readonly folder: string;
  /**
   * Fewest points for which a graph is built. Below, every search is exact.
   * @default 10000: an exact search of 10,000 x 64 takes 0.7 to 1 ms, and building their graph 1 to 2 s
   */
  readonly exactBelow?: number;
  /** Neighbours of a node of the graph. @default 16 */
  readonly connectivity?: number;
  /** Width of the search for a new node's neighbours (ef construction). @default 128 */
  readonly expansionAdd?: number;
  /** Width of a search that names no effort (ef). @default 128 */
  readonly expansionSearch?: number;
}

const aliasFile = 'alias';

/**
 * Indexes as files on one host. One process builds and changes an index; any number of processes have it open and see every change
 * by their next search.
 *
 * @example
 * const store = await openEmbeddedItemIndexStore({ folder: 'var/index' });
 * const index = await store.open('3-17.1');
 */
export async function openEmbeddedItemIndexStore({
  folder,
  exactBelow = 10_000,
  connectivity = 16,
  expansionAdd = 128,
  expansionSearch = 128,
}: EmbeddedItemIndexOptions): Promise<ItemIndexStore> {
  await mkdir(folder, { recursive: true });
  const options = { exactBelow, connectivity, expansionAdd };

  const folderOf = (indexId: string): string => {
    parseIndexId(indexId);
    return join(folder, indexId);
  };

  const checkSealed = async (indexId: string): Promise<void> => {
    if (await exists(join(folderOf(indexId), markerFile))) return;
    throw (await exists(folderOf(indexId))) ? new IndexNotSealedError(indexId) : new IndexNotFoundError(indexId);
  };

  const openSealed = async (indexId: string): Promise<ItemIndex> => {
    const { spec, points, graph } = await readSealedFiles(folderOf(indexId), indexId, options);
    const log = new DeltaLog(join(folderOf(indexId), deltaFile), indexId, spec.dimension);
    return new SealedItemIndex(indexId, { spec, points: new LayeredPoints(points), graph, log, expansionSearch });
  };

  return {
    async create(indexId, spec) {
      checkSpec(spec);
      try {
        await mkdir(folderOf(indexId));
      } catch (error) {
        if (hasCode(error, 'EEXIST')) throw new IndexExistsError(indexId);
        throw error;
      }
      return new BuildingItemIndex(indexId, spec, async (points) => {
        await writeSealedFiles(folderOf(indexId), indexId, spec, points, options);
        return openSealed(indexId);
      });
    },

    async open(indexId) {
      await checkSealed(indexId);
      try {
        return await openSealed(indexId);
      } catch (cause) {
        if (!(await exists(join(folderOf(indexId), markerFile)))) throw new IndexNotFoundError(indexId, { cause }); // dropped meanwhile
        if (!hasCode(cause, 'ENOENT')) throw cause;
        throw new IndexDamagedError(indexId, basename(cause.path ?? ''), 'a file', 'none', { cause });
      }
    },

    async list() {
      const entries = await readdir(folder, { withFileTypes: true });
      return entries
        .filter((entry) => entry.isDirectory() && isIndexId(entry.name))
        .map(({ name }) => name)
        .sort(compareIndexIds);
    },

    async drop(indexId) {
      await rm(join(folderOf(indexId), markerFile), { force: true }); // first: what a crash leaves is an unsealed index
      await rm(folderOf(indexId), { recursive: true, force: true });
    },

    async activate(indexId) {
      await checkSealed(indexId);
      await writeDurably(join(folder, aliasFile), (path) => writeFile(path, `${indexId}\n`));
    },

    async active() {
      const indexId = (await readIfPresent(join(folder, aliasFile)))?.trim();
      return indexId !== undefined && (await exists(join(folderOf(indexId), markerFile))) ? indexId : undefined;
    },
  };
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false;
    throw error;
  }
}

async function readIfPresent(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}
