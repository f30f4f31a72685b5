import { existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** Age from which what another run left beside the folder counts as left for good. */
const abandonedAfterMs = 3_600_000;

/** Where a run builds: beside the folder, so that it can be renamed into place, and under a name of its own, so that two can run. */
export const buildingFolder = (folder, pid = process.pid) => `${folder}.${pid}`;

/**
 * Puts what was built into place, whole or not at all. What stood there before is removed; when another run has put its own there in
 * the meantime, that one stays: it is the same.
 */
export function placeFolder(building, folder, { replace }) {
  const old = `${building}.old`;
  if (replace && existsSync(folder)) renameSync(folder, old);
  try {
    renameSync(building, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
  } finally {
    for (const needless of [old, building]) rmSync(needless, { recursive: true, force: true });
  }
}

/** Removes what runs left beside the folder that were killed. */
export function removeAbandoned(folder, nowMs = Date.now()) {
  const siblings = existsSync(dirname(folder)) ? readdirSync(dirname(folder)) : [];
  for (const name of siblings) {
    const pid = name.startsWith(`${basename(folder)}.`) ? /\.(\d+)(\.old)?$/.exec(name)?.[1] : undefined;
    const path = join(dirname(folder), name);
    if (pid === undefined || isAlive(Number(pid)) || nowMs - statSync(path).mtimeMs < abandonedAfterMs) continue;
    rmSync(path, { recursive: true, force: true });
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code !== 'ESRCH';
  }
}
