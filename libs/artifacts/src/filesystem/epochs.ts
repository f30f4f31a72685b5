import { join } from 'node:path';

import { FencedError } from '../errors';
import type { WriterRole } from '../model-store';
import { type StoreFs, systemCode } from './store-fs';

/** The folder that holds one empty file per epoch that a role's writers took. */
export function epochsFolder(folder: string, role: WriterRole): string {
  return join(folder, 'epochs', role);
}

/** Takes the next epoch of a role. The exclusive create gives each number to one caller only, in all processes. */
export async function takeEpoch(fs: StoreFs, folder: string, role: WriterRole): Promise<number> {
  const epochs = epochsFolder(folder, role);
  for (let epoch = (await newestEpoch(fs, folder, role)) + 1; ; epoch++) {
    try {
      await (await fs.create(join(epochs, String(epoch)))).close();
    } catch (error) {
      if (systemCode(error) === 'EEXIST') continue;
      throw error;
    }
    await fs.syncFolder(epochs);
    return epoch;
  }
}

/** @throws FencedError once a greater epoch of the role was taken. */
export async function checkNotFenced(fs: StoreFs, folder: string, role: WriterRole, epoch: number): Promise<void> {
  const newest = await newestEpoch(fs, folder, role);
  if (newest > epoch) throw new FencedError(role, epoch, newest);
}

async function newestEpoch(fs: StoreFs, folder: string, role: WriterRole): Promise<number> {
  const names = await fs.names(epochsFolder(folder, role));
  return Math.max(0, ...names.filter((name) => /^[1-9]\d{0,14}$/.test(name)).map(Number));
}
