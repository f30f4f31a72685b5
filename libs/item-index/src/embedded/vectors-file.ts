import { open, writeFile } from 'node:fs/promises';

import type { PointTable } from '../point-table';

/** Largest read at once. */
const chunkBytes = 1 << 26;

/** Writes the vectors in row order, `[count, dimension]` float32, little-endian as all supported hosts are. */
export async function writeVectorsFile(path: string, { vectors, count, dimension }: PointTable): Promise<void> {
  await writeFile(path, new Uint8Array(vectors.buffer, vectors.byteOffset, count * dimension * 4));
}

/** Reads `numbers` float32 numbers from the start of a file that holds at least so many. */
export async function readVectorsFile(path: string, numbers: number): Promise<Float32Array<ArrayBuffer>> {
  const vectors = new Float32Array(numbers);
  const bytes = new Uint8Array(vectors.buffer);
  const handle = await open(path, 'r');
  try {
    for (let at = 0; at < bytes.length;) {
      const { bytesRead } = await handle.read(bytes, at, Math.min(chunkBytes, bytes.length - at), at);
      if (bytesRead === 0) throw new RangeError(`${path}: expected ${bytes.length} bytes, found ${at}`);
      at += bytesRead;
    }
  } finally {
    await handle.close();
  }
  return vectors;
}
