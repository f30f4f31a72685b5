import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** Version of the TensorFlow.js binding. The binding's code is the same for CPU and GPU. */
export const bindingVersion = '4.22.0';
/** Version of the TensorFlow wheel whose libraries the binding is built on. */
export const tensorflowVersion = '2.19.1';
/** Raised when what the folder holds changes. */
const layoutRevision = 1;

/** npm package of the binding. */
export const bindingPackage = (gpu) => (gpu ? '@tensorflow/tfjs-node-gpu' : '@tensorflow/tfjs-node');

/** Folder of that package in an installation. */
export const bindingFolder = (folder, gpu) => join(folder, 'node_modules', ...bindingPackage(gpu).split('/'));

/**
 * Folder of an installation, outside of the work tree so that clones share it: `$XDG_CACHE_HOME`, or `~/.cache`, then
 * `gatehouse/native/<key>`. `libs/towers/src/native-folder.ts` computes the same; a test compares them.
 */
export function nativeFolder(gpu, env = process.env) {
  const configured = env.XDG_CACHE_HOME ?? '';
  const cache = isAbsolute(configured) ? configured : join(homedir(), '.cache'); // its specification ignores relative ones
  const kind = gpu ? 'gpu' : 'cpu';
  const key = `tfjs-${bindingVersion}-tf-${tensorflowVersion}-${process.platform}-${process.arch}-${kind}-${layoutRevision}`;
  return join(cache, 'gatehouse', 'native', key);
}
