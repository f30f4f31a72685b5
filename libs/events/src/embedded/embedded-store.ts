import { type Database, type Key, open, type RootDatabase, type Transaction } from 'lmdb';
import { OffsetGapError, OffsetOutOfRangeError, StorageError } from '../errors';

/** A table of an {@link EmbeddedStore}: bytes by key. */
export type Table<K extends Key> = Database<Buffer, K>;

/**
 * One lmdb environment, shared by all processes that open the same folder. Locks are released when a process dies, and a commit is one
 * page write after its data is on disk, so a SIGKILL leaves the state before or after a whole transaction.
 */
export interface EmbeddedStore {
  readonly folder: string;
  /** Table whose keys are whole numbers, in numeric order. Call outside of {@link write}. */
  numbered(name: string): Table<number>;
  /** Table whose keys are 1 to 1900 bytes, in byte order. Call outside of {@link write}. */
  keyed(name: string): Table<Uint8Array>;
  /**
   * Runs one write transaction and returns when it is on disk; all of it, or nothing when `action` throws.
   * Blocks for the disk's sync (milliseconds), and while another process writes.
   */
  write<T>(action: () => T): T;
  /** Reads the newest committed state; all reads that are given `transaction` see the same instant. */
  read<T>(action: (transaction: Transaction) => T): T;
  /** Holds one instant over several turns of the event loop; the caller ends it with `done()`. */
  beginRead(): Transaction;
  close(): Promise<void>;
}

/**
 * Opens or creates the store of a folder.
 *
 * @throws StorageError when the folder cannot be created, read or written.
 */
export function openEmbeddedStore(folder: string): EmbeddedStore {
  const guard = <T>(operation: 'open' | 'read' | 'write', action: () => T): T => {
    try {
      return action();
    } catch (cause) {
      if (cause instanceof OffsetOutOfRangeError || cause instanceof OffsetGapError) throw cause;
      throw new StorageError(folder, operation, cause);
    }
  };
  const root = guard('open', () => openRoot(folder));
  const tables = new Map<string, Database<Buffer>>();
  const table = (name: string, keyEncoding: 'ordered-binary' | 'binary'): Database<Buffer> => {
    const opened =
      tables.get(name) ?? guard('open', () => root.openDB<Buffer>({ name, keyEncoding, encoding: 'binary' }));
    tables.set(name, opened);
    return opened;
  };
  const beginRead = (): Transaction => {
    root.resetReadTxn();
    return root.useReadTransaction();
  };
  return {
    folder,
    numbered: (name) => table(name, 'ordered-binary') as Table<number>,
    keyed: (name) => table(name, 'binary') as Table<Uint8Array>,
    write: (action) => guard('write', () => root.transactionSync(action)),
    read(action) {
      return guard('read', () => {
        const transaction = beginRead();
        try {
          return action(transaction);
        } finally {
          transaction.done();
        }
      });
    },
    beginRead: () => guard('read', beginRead),
    close: () => root.close(),
  };
}

function openRoot(folder: string): RootDatabase<Buffer> {
  return open<Buffer>({
    path: folder,
    noSubdir: false,
    encoding: 'binary',
    maxDbs: 128,
    // Off: a commit is then synced to disk before it returns, so what is acknowledged survives a loss of power, not only of the process.
    overlappingSync: false,
  });
}
