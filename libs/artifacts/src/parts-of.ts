import type { Manifest } from './model-store';

/**
 * Names of a version's parts, one per file of its manifest.
 *
 * @example partsOf({ files: [{ name: 'schema.safetensors', bytes: 96, sha256 }] }); // ['schema']
 */
export function partsOf({ files }: Pick<Manifest, 'files'>): string[] {
  return files.map(({ name }) => name.replace(/(\.patch)?\.safetensors$/, ''));
}
