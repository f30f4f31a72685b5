import { env } from '@tensorflow/tfjs-core';

import { type BackendName, loadBackend } from './backend';

/** Runs the tests of the enclosing block on one backend. */
export function useBackend(name: BackendName): void {
  beforeAll(async () => {
    env().set('IS_TEST', true); // or the cpu backend advises to install another one
    await loadBackend([name]);
  });
}
