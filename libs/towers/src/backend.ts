import * as tf from '@tensorflow/tfjs-core';

import { loadNative } from './load-native';

/** Backends by preference; `native` and `native-gpu` are present only after `npm run setup:native`. */
export const backendNames = ['native-gpu', 'native', 'wasm', 'cpu'] as const;
export type BackendName = (typeof backendNames)[number];

/** Registers a backend with TensorFlow.js and says under which name, or throws when it is absent or does not load. */
export type BackendLoader = () => Promise<string>;

/** No backend loaded. */
export class NoBackendError extends Error {
  override readonly name = 'NoBackendError';
  constructor(readonly failures: readonly string[]) {
    super(`no TensorFlow.js backend loads: ${failures.join('; ')}`);
  }
}

/**
 * Initialises a backend and takes away the process listeners that it adds: the WebAssembly module rethrows every unhandled error of
 * the whole process from its own one line of source, which would then be printed in full.
 */
async function withoutProcessListeners(registered: string): Promise<string> {
  const events = ['uncaughtException', 'unhandledRejection'] as const;
  const before = events.map((event) => process.listeners(event as 'uncaughtException'));
  await tf.setBackend(registered);
  events.forEach((event, e) => {
    for (const listener of process.listeners(event as 'uncaughtException')) {
      if (!before[e].includes(listener)) process.removeListener(event, listener);
    }
  });
  return registered;
}

const installed: Record<BackendName, BackendLoader> = {
  'native-gpu': async () => withoutProcessListeners(loadNative('native-gpu')),
  native: async () => withoutProcessListeners(loadNative('native')),
  wasm: async () => {
    const { setWasmPaths, setThreadsCount } = await import('@tensorflow/tfjs-backend-wasm');
    setWasmPaths(
      `${require.resolve('@tensorflow/tfjs-backend-wasm/package.json').replace(/package\.json$/, '')}wasm-out/`,
    );
    setThreadsCount(1);
    return withoutProcessListeners('wasm');
  },
  cpu: async () => {
    await import('@tensorflow/tfjs-backend-cpu');
    return 'cpu';
  },
};

/**
 * Loads the first backend of `preference` that works and makes it current.
 *
 * @param onAbsent told why a preferred backend was passed over.
 * @param loaders which backends can be loaded; a test passes its own.
 * @throws NoBackendError with one reason per backend.
 * @example await loadBackend(['wasm', 'cpu']); // 'wasm'
 */
export async function loadBackend(
  preference: readonly BackendName[],
  onAbsent: (name: BackendName, reason: string) => void = () => undefined,
  loaders: Partial<Record<BackendName, BackendLoader>> = installed,
): Promise<BackendName> {
  const failures: string[] = [];
  const passOver = (name: BackendName, reason: string): void => {
    failures.push(`${name}: ${reason}`);
    onAbsent(name, reason);
  };
  for (const name of preference) {
    const load = loaders[name];
    if (!load) {
      passOver(name, 'not installed');
      continue;
    }
    try {
      const registered = await load();
      if (!(await tf.setBackend(registered))) throw new Error('does not initialise');
      await tf.ready();
      tf.enableProdMode(); // or the backends print advice among the lines of the log
      return name;
    } catch (cause) {
      passOver(name, cause instanceof Error ? cause.message : String(cause));
    }
  }
  throw new NoBackendError(failures);
}
