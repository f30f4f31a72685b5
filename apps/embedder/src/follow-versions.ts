import { FencedError, type ModelReader, pinnedVersion } from '@gatehouse/artifacts';
import type { ModelVersionId } from '@gatehouse/domain';
import type { Logger } from '@gatehouse/runtime';

/** Longest pause after repeated failures: a version that comes meanwhile waits as long. */
const maxPauseMs = 10_000;

/** Collaborators of {@link followVersions}. */
export interface Following {
  readonly models: Pick<ModelReader, 'pointer'>;
  /** The version that serves when following begins; undefined: whatever is latest must be refreshed. */
  readonly servingVersion: () => Promise<ModelVersionId | undefined>;
  /** Lets a version serve. */
  readonly serve: (version: ModelVersionId) => Promise<void>;
  /** Whether the index that serves should be built again, of the same version. */
  readonly isWorn: () => boolean;
  /** Whether an error speaks against the version itself, so that trying again is of no use. */
  readonly isRefusal: (error: unknown) => boolean;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly pollMs: number;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/**
 * Lets the version serve that an operator has pinned, or else every newest one, until `signal` aborts. The old version goes on serving
 * while a refresh fails: one that is refused for what it is waits for the next version, any other failure is tried again, each time after
 * twice the pause.
 *
 * @throws FencedError when another embedder leads.
 */
export async function followVersions(following: Following): Promise<void> {
  const { models, servingVersion, serve, isWorn, isRefusal, sleep, pollMs, logger, signal } = following;
  let done = await servingVersion();
  let failures = 0; // in a row
  while (!signal.aborted) {
    const wanted = await wantedVersion(models);
    if (wanted !== undefined && (wanted !== done || isWorn())) {
      try {
        await serve(wanted);
        [done, failures] = [wanted, 0];
        continue;
      } catch (error) {
        if (error instanceof FencedError) throw error;
        const reason = error instanceof Error ? error.message : String(error);
        const refused = isRefusal(error);
        failures = refused && wanted !== done ? 0 : failures + 1;
        if (refused) done = wanted;
        logger.error(refused ? 'version.refused' : 'refresh.failed', { modelVersion: wanted, reason });
      }
    }
    const pauseMs = Math.min(pollMs * 2 ** failures, Math.max(pollMs, maxPauseMs));
    await sleep(pauseMs, signal).catch(() => undefined); // only an abort ends a sleep early
  }
}

async function wantedVersion(models: Following['models']): Promise<ModelVersionId | undefined> {
  return (await pinnedVersion(models)) ?? (await models.pointer('latest'))?.version;
}
