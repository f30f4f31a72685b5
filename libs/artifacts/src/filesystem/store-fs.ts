/** An open file. */
export interface StoreFile {
  /** Reads on where the last read ended. @returns the number of bytes, 0 at the end */
  read(into: Uint8Array): Promise<number>;
  /** Writes on where the last write ended. @returns the number of bytes, which may be fewer than given */
  write(from: Uint8Array): Promise<number>;
  size(): Promise<number>;
  /** Returns once what was written survives a power cut. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/**
 * The calls to the file system that the store is built on, few enough to fail each of them in tests.
 * Errors carry the system's `code`, such as `ENOENT`.
 */
export interface StoreFs {
  /** Creates a file for writing. @throws EEXIST when the name is taken: of several callers exactly one succeeds */
  create(path: string): Promise<StoreFile>;
  /** Opens a file for reading. @throws ELOOP for a symbolic link */
  open(path: string): Promise<StoreFile>;
  /** Creates a folder and those above it; one that is there is fine. */
  makeFolder(path: string): Promise<void>;
  /** Returns once the names in a folder survive a power cut. */
  syncFolder(path: string): Promise<void>;
  /** Names in a folder; none when it is absent. */
  names(path: string): Promise<string[]>;
  /** What stands at a path, links not followed; undefined when nothing does. */
  kind(path: string): Promise<'file' | 'folder' | 'other' | undefined>;
  /** Moves atomically. A file replaces a file; a folder replaces none that holds anything. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file, or a folder with all in it; an absent one is fine. */
  remove(path: string): Promise<void>;
  /** Free bytes of the disk that holds a folder. */
  freeBytes(folder: string): Promise<number>;
}

/** The system's code of an error, such as `ENOENT`; undefined for errors that are not the system's. */
export function systemCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('syscall' in error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
