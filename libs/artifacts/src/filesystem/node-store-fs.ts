import { constants } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, readdir, rename, rm, statfs } from 'node:fs/promises';

import { type StoreFile, type StoreFs, systemCode } from './store-fs';

const createFlags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;
// Without O_NONBLOCK, opening a named pipe that somebody put in place of a file would never return.
const openFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** The file system of the host. */
export const nodeStoreFs: StoreFs = {
  create: async (path) => storeFile(await open(path, createFlags)),
  open: async (path) => storeFile(await open(path, openFlags)),
  makeFolder: async (path) => {
    await mkdir(path, { recursive: true });
  },
  syncFolder: async (path) => {
    const folder = await open(path, constants.O_RDONLY);
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  },
  names: (path) => orIfAbsent(readdir(path), []),
  kind: async (path) => {
    const stat = await orIfAbsent(lstat(path), undefined);
    if (!stat) return undefined;
    if (stat.isFile()) return 'file';
    return stat.isDirectory() ? 'folder' : 'other';
  },
  rename,
  // Tries again, because a fenced writer may still put a file into a folder while it is being removed.
  remove: (path) => rm(path, { recursive: true, force: true, maxRetries: 3 }),
  freeBytes: async (folder) => {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  },
};

function storeFile(handle: FileHandle): StoreFile {
  return {
    read: async (into) => (await handle.read(into)).bytesRead,
    write: async (from) => (await handle.write(from)).bytesWritten,
    size: async () => (await handle.stat()).size,
    sync: () => handle.sync(),
    close: () => handle.close(),
  };
}

async function orIfAbsent<T, A>(result: Promise<T>, absent: A): Promise<T | A> {
  try {
    return await result;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return absent;
    throw error;
  }
}
