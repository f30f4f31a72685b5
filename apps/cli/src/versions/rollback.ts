import { lastIndexOf, type ModelStore, pinnedVersion, pinVersion, releasePin } from '@gatehouse/artifacts';
import type { ModelVersionId } from '@gatehouse/domain';
import { type Clock, waitFor, WaitTimeoutError } from '@gatehouse/runtime';

import { formatSeconds } from '../format';

/** A version that cannot serve again at once. The message says what to do. */
export class NoRollbackError extends Error {
  override readonly name = 'NoRollbackError';
}

/** Collaborators of {@link rollback}. */
export interface RollingBack {
  readonly models: ModelStore;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** How long the embedder may take. */
  readonly timeoutMs: number;
}

/**
 * Pins a version that has served before, and waits until the embedder has brought its index back.
 *
 * @returns what to tell the operator
 * @throws NoRollbackError when it has no index, or no embedder took it up in time: then it stays pinned.
 */
export async function rollback(version: ModelVersionId, { models, clock, timeoutMs }: RollingBack): Promise<string> {
  const servable = await models.pointer('servable');
  if (!lastIndexOf(version, servable))
    throw new NoRollbackError(
      `version ${version}: expected one that has served lately; ./gatehouse versions lists them`,
    );
  const beganMs = clock.monotonicMs();
  await pinVersion(await models.lead('operator'), version);
  const serves = async (): Promise<boolean> => (await models.pointer('servable'))?.version === version;
  try {
    await waitFor(serves, { what: `version ${version} to serve`, timeoutMs, everyMs: 50 });
  } catch (error) {
    if (!(error instanceof WaitTimeoutError)) throw error;
    const after = formatSeconds(timeoutMs / 1000);
    throw new NoRollbackError(
      `version ${version}: pinned, but it does not serve after ${after}: see that the embedder runs, and what its log says`,
      { cause: error },
    );
  }
  const seconds = formatSeconds((clock.monotonicMs() - beganMs) / 1000);
  return `version ${version} serves, after ${seconds}, and stays until ./gatehouse resume`;
}

/** Takes the pin back: the embedder goes on with the newest version. @returns what to tell the operator */
export async function resume(models: ModelStore): Promise<string> {
  const pinned = await pinnedVersion(models);
  if (pinned === undefined) return 'no version is pinned';
  await releasePin(await models.lead('operator'), pinned);
  return `version ${pinned} is no longer pinned: the newest one serves soon`;
}
