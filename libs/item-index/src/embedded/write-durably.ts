import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Writes a file so that, whenever the process or the host dies, its path holds the old content or the whole new one. */
export async function writeDurably(path: string, write: (temporaryPath: string) => Promise<void>): Promise<void> {
  const temporaryPath = `${path}.tmp`;
  await write(temporaryPath);
  await sync(temporaryPath);
  await rename(temporaryPath, path);
  await sync(dirname(path)); // the new name lives in the folder
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
