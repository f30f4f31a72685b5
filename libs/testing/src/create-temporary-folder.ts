import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Cleanup } from './create-cleanup';

/** Creates an empty folder that `cleanup` removes with all that is in it then. Returns its path. */
export async function createTemporaryFolder(cleanup: Cleanup): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-'));
  cleanup.add(() => rm(folder, { recursive: true }));
  return folder;
}
