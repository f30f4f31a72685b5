import { createHash } from 'node:crypto';

import { FormatError } from './format-error';
import type { StoreFs } from './store-fs';

/** Small enough that hashing one does not hold up the event loop for long. */
const chunkBytes = 1024 * 1024;
/** Manifests and pointers take some kilobytes; nothing far above that is one. */
const maxSmallBytes = 64 * 1024 * 1024;

/** How {@link readFile} reads. */
export interface ReadOptions {
  /** The size that the file must have. @default any up to 64 MiB */
  readonly expectedBytes?: number;
  /** Reads into shared memory, which other threads can be handed. @default false */
  readonly shared?: boolean;
}

/**
 * Reads a whole file into one buffer, hashing it on the way.
 *
 * @throws FormatError when it is no regular file or has another size; what the file system throws, otherwise.
 */
export async function readFile(
  fs: StoreFs,
  path: string,
  { expectedBytes, shared = false }: ReadOptions = {},
): Promise<{ bytes: Uint8Array; sha256: string }> {
  const kind = await fs.kind(path);
  if (kind !== 'file') throw new FormatError(`expected a regular file, found ${kind ?? 'none'}`);
  const file = await fs.open(path);
  try {
    const size = await file.size();
    if (size !== (expectedBytes ?? size)) throw new FormatError(`expected ${expectedBytes} bytes, found ${size}`);
    if (expectedBytes === undefined && size > maxSmallBytes)
      throw new FormatError(`expected at most ${maxSmallBytes} bytes, found ${size}`);
    const bytes = new Uint8Array(shared ? new SharedArrayBuffer(size) : new ArrayBuffer(size));
    const hash = createHash('sha256');
    for (let at = 0; at < size;) {
      const chunk = bytes.subarray(at, at + chunkBytes);
      const read = await file.read(chunk);
      if (read === 0) throw new FormatError(`expected ${size} bytes, found ${at}`);
      hash.update(chunk.subarray(0, read));
      at += read;
    }
    return { bytes, sha256: hash.digest('hex') };
  } finally {
    await file.close();
  }
}
