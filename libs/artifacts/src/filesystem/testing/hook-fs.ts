import type { StoreFile, StoreFs } from '../store-fs';

/** One call to the file system that is about to be made. */
export interface FsCall {
  /** Such as `rename` or `file.write`. */
  readonly name: string;
  /** Writes only the first half of what a `file.write` was given; does nothing for other calls. */
  readonly tear: () => Promise<unknown>;
}

/** A file system that calls `before` ahead of every call. What `before` throws, the call throws, without taking effect. */
export function hookFs(inner: StoreFs, before: (call: FsCall) => Promise<void> | void): StoreFs {
  const hooked =
    <A extends unknown[], R>(name: string, call: (...args: A) => Promise<R>, tear?: (...args: A) => Promise<unknown>) =>
    async (...args: A): Promise<R> => {
      await before({ name, tear: async () => tear?.(...args) });
      return call(...args);
    };
  const hookFile = (file: StoreFile): StoreFile => ({
    read: hooked('file.read', (into) => file.read(into)),
    write: hooked(
      'file.write',
      (from) => file.write(from),
      (from) => file.write(from.subarray(0, from.length >> 1)),
    ),
    size: hooked('file.size', () => file.size()),
    sync: hooked('file.sync', () => file.sync()),
    close: hooked('file.close', () => file.close()),
  });
  return {
    create: hooked('create', async (path) => hookFile(await inner.create(path))),
    open: hooked('open', async (path) => hookFile(await inner.open(path))),
    makeFolder: hooked('makeFolder', (path) => inner.makeFolder(path)),
    syncFolder: hooked('syncFolder', (path) => inner.syncFolder(path)),
    names: hooked('names', (path) => inner.names(path)),
    kind: hooked('kind', (path) => inner.kind(path)),
    rename: hooked('rename', (from, to) => inner.rename(from, to)),
    remove: hooked('remove', (path) => inner.remove(path)),
    freeBytes: hooked('freeBytes', (folder) => inner.freeBytes(folder)),
  };
}
