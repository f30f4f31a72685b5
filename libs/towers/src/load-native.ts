import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import util from 'node:util';

import * as tf from '@tensorflow/tfjs-core';

import { nativeFolder } from './native-folder';

const variants = {
  native: { package: '@tensorflow/tfjs-node', setup: 'npm run setup:native' },
  'native-gpu': { package: '@tensorflow/tfjs-node-gpu', setup: 'npm run setup:native -- --gpu' },
} as const;

/** Name that both bindings register under. */
const registered = 'tensorflow';

/** What the binding says of itself. */
interface NativeBackend {
  readonly isGPUPackage: boolean;
  readonly isUsingGpuDevice: boolean;
}

/**
 * Loads the native binding, which registers its kernels and its backend. Its own copy of tfjs-core shares engine and kernels with ours:
 * both keep them in the global namespace.
 *
 * @returns the name under which TensorFlow.js knows the backend.
 * @throws Error when it is not installed, what the binding throws at load, and when `native-gpu` finds no GPU: it would compute on the
 *   CPU, without a word.
 */
export function loadNative(backend: keyof typeof variants, folder = nativeFolder(backend)): string {
  const variant = variants[backend];
  if (!existsSync(folder)) throw new Error(`not installed (${variant.setup})`);
  const isGpu = backend === 'native-gpu';
  definePolyfills();
  // TensorFlow writes among the lines of the log: advice, and on GPUs errors that are none (factories that register twice).
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= isGpu ? '3' : '2';
  tf.enableProdMode(); // or TensorFlow.js warns that its second copy meets what the first has registered
  createRequire(join(folder, 'node_modules', 'load'))(variant.package);

  const found = tf.findBackend(registered) as unknown as NativeBackend | null;
  if (found?.isGPUPackage !== isGpu) throw new Error(`${variant.package} finds another TensorFlow in this process`);
  if (isGpu && !found.isUsingGpuDevice) {
    tf.removeBackend(registered); // `native` has the same name
    throw new Error('TensorFlow finds no GPU');
  }
  return registered;
}

/** The binding calls two functions of Node that 22 warns of at run time, and that 23 removed. */
function definePolyfills(): void {
  Object.assign(util, {
    isNullOrUndefined: (value: unknown): boolean => value === null || value === undefined,
    isArray: Array.isArray,
  });
}
