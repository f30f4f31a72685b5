import { homedir } from 'node:os';
import { join } from 'node:path';

/** Version of the TensorFlow.js binding. The binding's code is the same for CPU and GPU. */
export const bindingVersion = '4.22.0';
/** Version of the TensorFlow wheel whose libraries the binding is built on. */
export const tensorflowVersion = '2.19.1';
/** Raised when what the folder holds changes. */
const layoutRevision = 1;

/** npm package of the binding. */
export const bindingPackage = (gpu) => (gpu ? '@tensorflow/tfjs-node-gpu' : '@tensorflow/tfjs-node');

/**
 * Folder of an installation, outside of the work tree so that clones share it: `$XDG_CACHE_HOME`, or `~/.cache`, then
 * `gatehouse/native/<key>`. `libs/towers/src/native-folder.ts` computes the same; a test compares them.
 */
export function nativeFolder(gpu, env = process.env) {
  const cache = env.XDG_CACHE_HOME || join(homedir(), '.cache');
  const kind = gpu ? 'gpu' : 'cpu';
  const key = `tfjs-${bindingVersion}-tf-${tensorflowVersion}-${process.platform}-${process.arch}-${kind}-${layoutRevision}`;
  return join(cache, 'gatehouse', 'native', key);
}
