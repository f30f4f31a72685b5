import { existsSync } from 'node:fs';

import { env } from '@tensorflow/tfjs-core';

import { type BackendName, loadBackend } from './backend';
import { nativeFolder } from './native-folder';

/** Runs the tests of the enclosing block on one backend. */
export function useBackend(name: BackendName): void {
  beforeAll(async () => {
    env().set('IS_TEST', true); // or the cpu backend advises to install another one
    await loadBackend([name]);
  });
}

/**
 * The backends that numeric tests run on: all that are installed. Where the environment says `GATEHOUSE_REQUIRE_NATIVE=1`, as in
 * continuous integration, a missing native backend fails instead of being left out.
 */
export function backendsUnderTest(): BackendName[] {
  const hasNative = existsSync(nativeFolder('native'));
  if (!hasNative && process.env['GATEHOUSE_REQUIRE_NATIVE'] === '1') {
    throw new Error(`expected the native backend in ${nativeFolder('native')}, found none: npm run setup:native`);
  }
  return hasNative ? ['cpu', 'wasm', 'native'] : ['cpu', 'wasm'];
}
