import { compileSchema } from './compile-schema';
import { readText } from './read-text';
import type { Schema } from './schema';

/**
 * Reads and compiles a schema file; see {@link compileSchema}.
 *
 * @throws ConfigError also when the file cannot be read.
 * @example const schema = await compileSchemaFile('config/movielens.yaml');
 */
export async function compileSchemaFile(file: string): Promise<Schema> {
  return compileSchema(await readText(file), file);
}
