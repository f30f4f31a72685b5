import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import util from 'node:util';

import { nativeFolder } from './native-folder';

const packages = { native: '@tensorflow/tfjs-node', 'native-gpu': '@tensorflow/tfjs-node-gpu' } as const;

/**
 * Loads the native binding, which registers its kernels and its backend. Its own copy of tfjs-core shares engine and kernels with ours:
 * both keep them in the global namespace.
 *
 * @returns the name under which TensorFlow.js knows the backend.
 * @throws Error when it is not installed, or what the binding throws at load.
 */
export function loadNative(backend: keyof typeof packages, folder = nativeFolder(backend)): string {
  if (!existsSync(folder))
    throw new Error(`not installed (npm run setup:native${backend === 'native' ? '' : ' -- --gpu'})`);
  definePolyfills();
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2'; // or TensorFlow writes advice about itself among the lines of the log
  createRequire(join(folder, 'node_modules', 'load'))(packages[backend]);
  return 'tensorflow';
}

/** The binding calls two functions that Node 23 removed. */
function definePolyfills(): void {
  const old = util as unknown as Record<string, unknown>;
  old['isNullOrUndefined'] ??= (value: unknown): boolean => value === null || value === undefined;
  old['isArray'] ??= Array.isArray;
}
