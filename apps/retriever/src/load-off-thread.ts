import { Worker } from 'node:worker_threads';

import type { LoadedVersion } from '@gatehouse/artifacts';
import type { ModelVersionId } from '@gatehouse/domain';

/** What the worker is told. */
export interface LoadOrder {
  readonly folder: string;
  readonly version: ModelVersionId;
  readonly parts: readonly string[];
}

/** What the worker answers: tensors lie in shared memory, so nothing is copied on the event loop. */
export type LoadAnswer = { readonly loaded: LoadedVersion } | { readonly failure: string };

/** A worker could not load a version. */
export class LoadError extends Error {
  override readonly name = 'LoadError';
  constructor(
    readonly version: ModelVersionId,
    reason: string,
  ) {
    super(reason);
  }
}

/**
 * Loads versions in a thread of its own: reading and hashing take seconds for a large model, and calls must not wait for them.
 *
 * @param workerFile bundle of `load-version.worker.ts`.
 * @param folder of the model store.
 */
export function createOffThreadLoader(workerFile: string, folder: string) {
  return (version: ModelVersionId, parts: readonly string[]): Promise<LoadedVersion> =>
    new Promise((resolve, reject) => {
      const order: LoadOrder = { folder, version, parts };
      const worker = new Worker(workerFile, { workerData: order });
      worker.once('message', (answer: LoadAnswer) => {
        if ('loaded' in answer) resolve(answer.loaded);
        else reject(new LoadError(version, answer.failure));
      });
      worker.once('error', reject);
      worker.once('exit', (code) =>
        reject(new LoadError(version, `loader ended with code ${code} before it answered`)),
      );
    });
}
