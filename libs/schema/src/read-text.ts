import { readFile } from 'node:fs/promises';

import { ConfigError } from './config-error';

/**
 * Reads a file of settings.
 *
 * @throws ConfigError when it cannot be read.
 */
export async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const problem = { place: file, path: '', message: 'expected a readable file' };
    throw new ConfigError(file, [problem], { cause });
  }
}
