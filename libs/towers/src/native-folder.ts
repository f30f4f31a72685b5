import { homedir } from 'node:os';
import { join } from 'node:path';

/** Versions of binding and TensorFlow, and the revision of the folder's layout; see `tools/native/layout.mjs`. */
const version = 'tfjs-4.22.0-tf-2.19.1';
const layoutRevision = 1;

/**
 * Folder of the native backend that `npm run setup:native` installs, outside of the work tree: `$XDG_CACHE_HOME`, or `~/.cache`, then
 * `gatehouse/native/<key>`.
 *
 * @example nativeFolder('native', process.env);
 */
export function nativeFolder(
  backend: 'native' | 'native-gpu',
  environment: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const cache = environment['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  const kind = backend === 'native-gpu' ? 'gpu' : 'cpu';
  const key = `${version}-${process.platform}-${process.arch}-${kind}-${layoutRevision}`;
  return join(cache, 'gatehouse', 'native', key);
}
