import { dirname } from 'node:path';

import { type Clock, systemClock } from '@gatehouse/runtime';

import { MissingVersionError, StoreWriteError } from '../errors';
import type { ModelStore, ModelWriter, WriterRole } from '../model-store';
import { checkNotFenced, epochsFolder, takeEpoch } from './epochs';
import { nodeStoreFs } from './node-store-fs';
import { checkPointer, pointerFolder, pointersOf, readPointer, writePointer } from './pointers';
import { pruneVersions } from './prune-versions';
import { type StoreFs, systemCode } from './store-fs';
import { removeLeftovers } from './temporary-name';
import { readVersion } from './read-version';
import { listVersions, readManifest, versionFolder, versionsFolder } from './versions';
import { writeVersion } from './write-version';

/** Where and how {@link createFilesystemModelStore} stores. */
export interface FilesystemModelStoreOptions {
  /** Created by the first writer. All processes that share it must see one file system. */
  readonly folder: string;
  /** Loads arrays into shared memory, so that worker threads can be handed them without a copy. @default false */
  readonly shared?: boolean;
  /** @default the host's clock */
  readonly clock?: Pick<Clock, 'nowMs'>;
  /** @default the host's file system */
  readonly fs?: StoreFs;
}

/**
 * Keeps model versions in a folder:
 *
 * ```
 * epochs/<role>/<epoch>                  empty files, taken by exclusive create
 * versions/<epoch>-<sequence>/           manifest.json and one safetensors file per part, never changed:
 *                                        `<part>.safetensors`, or `<part>.patch.safetensors` for what changed since the base
 * pointers/<name>/<epoch>.json           the greatest epoch counts
 * ```
 *
 * @example
 * const store = createFilesystemModelStore({ folder: 'var/artifacts' });
 * const writer = await store.lead('trainer');
 * await writer.save({ id: `${writer.epoch}-1`, ...draft });
 * await writer.point('latest', { version: `${writer.epoch}-1` });
 */
export function createFilesystemModelStore(options: FilesystemModelStoreOptions): ModelStore {
  const { folder, shared = false, clock = systemClock, fs = nodeStoreFs } = options;
  return {
    pointer: (name) => readPointer(fs, folder, name),
    list: () => listVersions(fs, folder),
    manifest: (id) => readManifest(fs, folder, id),
    load: (id, parts) => readVersion(fs, folder, id, { parts, shared }),
    lead: (role) =>
      naming(folder, async () => {
        await makeFolders(fs, folder, role);
        const epoch = await takeEpoch(fs, folder, role);
        const stillLeads = (): Promise<void> => checkNotFenced(fs, folder, role, epoch);
        return orFenced(stillLeads, async () => {
          // From here on readers must never see what an older writer still writes. That writer may be past its own check of the
          // epoch, and replace its pointer file at any moment. But once our file is there, readers look at ours alone, and it says
          // what we read here, whatever the older writer does later: the new leader starts from its own copy. A call that the older
          // writer saw succeed is in the copy, because `point` checks the epoch once more after it wrote: when it found none greater,
          // it had written before we took ours, and so before we read. A pointer without a value is copied too, or else the first
          // value of an older writer would be the only file.
          for (const name of pointersOf[role]) {
            await writePointer(fs, folder, name, { role, epoch }, (await readPointer(fs, folder, name)) ?? null);
            await removeLeftovers(fs, pointerFolder(folder, name), { role, epoch });
          }
          await removeLeftovers(fs, versionsFolder(folder), { role, epoch });
          return createWriter({ fs, folder, clock, role, epoch, stillLeads });
        });
      }),
  };
}

interface Writing {
  readonly fs: StoreFs;
  readonly folder: string;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly role: WriterRole;
  readonly epoch: number;
  /** @throws FencedError once it does not. */
  readonly stillLeads: () => Promise<void>;
}

function createWriter({ fs, folder, clock, role, epoch, stillLeads }: Writing): ModelWriter {
  let last: Promise<unknown> = Promise.resolve();
  /** One call after the other, so that pointers keep the order of the calls and `prune` meets no save under way. */
  const inTurn = <T>(write: () => Promise<T>): Promise<T> => {
    const result = last.then(() => naming(folder, () => orFenced(stillLeads, write)));
    last = result.catch(() => undefined);
    return result;
  };
  return {
    epoch,
    checkLeads: stillLeads,
    save: (draft) =>
      inTurn(async () => {
        if (role !== 'trainer') throw new RangeError(`save: expected the trainer, found the ${role}`);
        await stillLeads();
        return writeVersion(draft, { fs, folder, epoch, createdAtMs: clock.nowMs() });
      }),
    point: (name, to) =>
      inTurn(async () => {
        if (!pointersOf[role].includes(name)) {
          throw new RangeError(`point: expected ${pointersOf[role].join(' or ')} from the ${role}, found ${name}`);
        }
        checkPointer(name, to);
        await stillLeads();
        if ((await fs.kind(versionFolder(folder, to.version))) === undefined) throw new MissingVersionError(to.version);
        await writePointer(fs, folder, name, { role, epoch }, to);
        await stillLeads(); // see `lead`
      }),
    prune: (keep, protect) =>
      inTurn(async () => {
        if (!Number.isSafeInteger(keep) || keep < 0) throw new RangeError(`keep: expected a count, found ${keep}`);
        await stillLeads();
        await removeLeftovers(fs, versionsFolder(folder), { role, epoch });
        return pruneVersions(fs, folder, { role, epoch, keep, protect });
      }),
  };
}

/** Creates the folders of the store, each of which survives a power cut before it is used. */
async function makeFolders(fs: StoreFs, folder: string, role: WriterRole): Promise<void> {
  const pointers = pointersOf[role].map((name) => pointerFolder(folder, name));
  const folders = [epochsFolder(folder, role), versionsFolder(folder), ...pointers];
  const parents = new Set([...folders.map(dirname), folder]);
  // Folders above the store only when they are new: later we may have no right to open them.
  for (let above = folder; (await fs.kind(above)) === undefined; above = dirname(above)) parents.add(dirname(above));
  for (const each of folders) await fs.makeFolder(each);
  for (const parent of parents) await fs.syncFolder(parent);
}

/** A newer leader removes what older ones have not finished, so to them a file that is gone says that they are fenced. */
async function orFenced<T>(stillLeads: () => Promise<void>, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (systemCode(error) === 'ENOENT') await stillLeads();
    throw error;
  }
}

/** Gives a failure of the file system the name of the path that it is about. */
async function naming<T>(folder: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined) throw error;
    const { path = folder } = error as NodeJS.ErrnoException;
    throw new StoreWriteError(path, code, { cause: error });
  }
}
