import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Another command already runs the system on the same folders. */
export class AlreadyRunningError extends Error {
  override readonly name = 'AlreadyRunningError';
  constructor(
    readonly file: string,
    readonly pid: number,
  ) {
    super(`already running as process ${pid} (${file}): end it first, or name other folders and another port`);
  }
}

/**
 * Makes sure that one command at a time runs the apps on a set of folders: a second trainer would take the lead from the first.
 * What a killed command left behind does not count.
 *
 * @returns gives the lock back.
 * @throws AlreadyRunningError
 */
export function takeRunLock(file: string, pid: number, isAlive: (pid: number) => boolean): () => void {
  mkdirSync(dirname(file), { recursive: true });
  for (;;) {
    try {
      writeFileSync(file, String(pid), { flag: 'wx' });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = Number(readFileSync(file, 'utf8'));
    if (holder > 0 && isAlive(holder)) throw new AlreadyRunningError(file, holder);
    rmSync(file, { force: true });
  }
}

/** Whether a process of this host runs. */
export function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
