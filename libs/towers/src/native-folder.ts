import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** What the native backend computes on. */
export type NativeDevice = 'cpu' | 'gpu';

/**
 * All that decides which installation fits: a different one of any of these stands in a folder of its own.
 * `tools/native/native-folder.mjs`, which installs, says the same; a test compares them.
 */
const versions = ['tfjs-4.22.0', 'tensorflow-2.19.1', `${process.platform}-${process.arch}`];
const layoutRevision = 'r1';

/**
 * Folder into which `npm run setup:native` installs TensorFlow for one device: outside of every clone, so all of them share it.
 *
 * @example nativeFolder('cpu', {}); // '/home/ann/.cache/gatehouse/native/tfjs-4.22.0_tensorflow-2.19.1_linux-x64_cpu_r1'
 */
export function nativeFolder(device: NativeDevice, env: NodeJS.ProcessEnv = process.env): string {
  const configured = env['XDG_CACHE_HOME'] ?? '';
  const cache = isAbsolute(configured) ? configured : join(homedir(), '.cache'); // relative ones are invalid, says XDG
  return join(cache, 'gatehouse', 'native', [...versions, device, layoutRevision].join('_'));
}

/** Whether the native backend is installed: folders appear whole, under their last name, when they have proved to work. */
export function isNativeInstalled(device: NativeDevice, env: NodeJS.ProcessEnv = process.env): boolean {
  return existsSync(join(nativeFolder(device, env), 'installation.json'));
}
