import { readFile } from 'node:fs/promises';

import type { z } from 'zod';

import { ConfigError } from './config-error';
import type { Environment } from './environment';
import { readYaml } from './read-yaml';

/**
 * Reads a YAML file as a value of a zod type; see {@link readYaml}.
 *
 * @throws ConfigError also when the file cannot be read.
 * @example const config = await readYamlFile('config/trainer.yaml', trainerConfig, { prefix: 'GATEHOUSE_TRAINER_', values });
 */
export async function readYamlFile<T extends z.ZodType>(
  file: string,
  type: T,
  environment?: Environment,
): Promise<z.output<T>> {
  return readYaml(await readText(file), file, type, environment);
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const problem = { place: file, path: '', message: 'expected a readable file' };
    throw new ConfigError(file, [problem], { cause });
  }
}
