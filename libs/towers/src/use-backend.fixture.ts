import { env } from '@tensorflow/tfjs-core';

import { type BackendName, loadBackend } from './backend';
import { isNativeInstalled } from './native-folder';

/**
 * The backends that numeric tests run on: all that are installed here.
 *
 * @throws Error when GATEHOUSE_REQUIRE_NATIVE=1 asks for `native` and it is not installed: a skip must not pass for a success.
 * @example describe.each(backendsUnderTest())('a loss on %s', (backend) => { useBackend(backend); });
 */
export function backendsUnderTest(): BackendName[] {
  if (isNativeInstalled('cpu')) return ['cpu', 'wasm', 'native'];
  if (process.env['GATEHOUSE_REQUIRE_NATIVE'] === '1') {
    throw new Error('GATEHOUSE_REQUIRE_NATIVE=1, but the native backend is not installed: npm run setup:native');
  }
  return ['cpu', 'wasm'];
}

/** Runs the tests of the enclosing block on one backend. */
export function useBackend(name: BackendName): void {
  beforeAll(async () => {
    env().set('IS_TEST', true); // or the cpu backend advises to install another one
    await loadBackend([name]);
  });
}
