import type { z } from 'zod';

import type { Environment } from './environment';
import { readText } from './read-text';
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
