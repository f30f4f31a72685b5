import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';

/** Size and content of a file, as `index.json` notes them. */
export interface FileDescription {
  readonly bytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

const chunkBytes = 1 << 20;

/** Reads a file once, in pieces, and describes it. */
export async function describeFile(path: string): Promise<FileDescription> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: chunkBytes }) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest('hex') };
}
