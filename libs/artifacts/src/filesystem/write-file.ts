import { createHash } from 'node:crypto';

import type { StoreFs } from './store-fs';

/** Small enough that hashing one does not hold up the event loop for long. */
const chunkBytes = 1024 * 1024;

/** What {@link writeFile} wrote. */
export interface WrittenFile {
  readonly bytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

/** Creates a file from pieces, hashing them on the way, and returns once it survives a power cut (its name: once the folder is synced). */
export async function writeFile(fs: StoreFs, path: string, pieces: readonly Uint8Array[]): Promise<WrittenFile> {
  const hash = createHash('sha256');
  let bytes = 0;
  const file = await fs.create(path);
  try {
    for (const piece of pieces) {
      for (let at = 0; at < piece.length;) {
        const chunk = piece.subarray(at, at + chunkBytes);
        const written = await file.write(chunk);
        hash.update(chunk.subarray(0, written));
        at += written;
      }
      bytes += piece.length;
    }
    await file.sync();
  } catch (error) {
    await file.close().catch(() => undefined); // the first error tells more
    throw error;
  }
  await file.close();
  return { bytes, sha256: hash.digest('hex') };
}
