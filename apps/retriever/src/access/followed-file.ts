import { readFile } from 'node:fs/promises';

import { type Delay, describeError, type Logger, SettingsError } from '@gatehouse/runtime';

/** A file of secrets or keys, which may change. */
export interface FollowedFile<T> {
  /** What the newest good text says. */
  readonly current: () => T;
  /**
   * Reads the file again whenever it changes, until the signal aborts. A text that cannot be read or parsed is logged once, and what was
   * read before stays.
   */
  follow(delay: Delay, signal: AbortSignal): Promise<void>;
}

/** Which file, and what to make of it. */
export interface FileToFollow<T> {
  /** Key of the configuration that names the file. */
  readonly key: string;
  readonly file: string;
  /** May throw or reject; its messages must not quote the text. */
  readonly parse: (text: string) => T | Promise<T>;
}

/** Between two looks. The file is read each time, not asked for its age: replaced mounts and copied times tell lies, and it is small. */
const everyMs = 1000;

/** Reads a file for the first time. @throws SettingsError when its text is not good. */
export async function openFollowedFile<T>(
  { key, file, parse }: FileToFollow<T>,
  logger: Logger,
): Promise<FollowedFile<T>> {
  let text: string | undefined;
  let value: T;
  const read = async (): Promise<boolean> => {
    const now = await readFile(file, 'utf8');
    if (now === text) return false;
    text = now;
    value = await parse(now);
    return true;
  };
  try {
    await read();
  } catch (cause) {
    throw new SettingsError(key, `cannot use ${file}`, { cause });
  }
  let lastReason = '';
  const readAgain = async (): Promise<void> => {
    try {
      if (await read()) logger.info('access.file-read', { key, file });
      lastReason = '';
    } catch (error) {
      const reason = describeError(error);
      if (reason !== lastReason) logger.error('access.file-refused', { key, file, reason });
      lastReason = reason;
    }
  };
  return {
    current: () => value,
    follow: async (delay, signal) => {
      const pause = (): Promise<boolean> =>
        delay(everyMs, signal).then(
          () => true,
          () => false,
        );
      while (await pause()) await readAgain();
    },
  };
}
