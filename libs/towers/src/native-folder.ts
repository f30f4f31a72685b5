import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** Versions of binding and TensorFlow, and the revision of the folder's layout; see `tools/native/layout.mjs`. */
const version = 'tfjs-4.22.0-tf-2.19.1';
const layoutRevision = 1;

/**
 * Folder of the native backend that `npm run setup:native` installs, outside of the work tree: `$XDG_CACHE_HOME`, or `~/.cache`, then
 * `gatehouse/native/<key>`. It appears whole, once what it holds has proved to work.
 *
 * @example nativeFolder('native', process.env);
 */
export function nativeFolder(
  backend: 'native' | 'native-gpu',
  environment: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const configured = environment['XDG_CACHE_HOME'] ?? '';
  const cache = isAbsolute(configured) ? configured : join(homedir(), '.cache'); // its specification ignores relative ones
  const kind = backend === 'native-gpu' ? 'gpu' : 'cpu';
  const key = `${version}-${process.platform}-${process.arch}-${kind}-${layoutRevision}`;
  return join(cache, 'gatehouse', 'native', key);
}
