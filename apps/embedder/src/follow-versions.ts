import type { ModelReader } from '@gatehouse/artifacts';
import type { ModelVersionId } from '@gatehouse/domain';
import type { Logger } from '@gatehouse/runtime';

/** Longest pause after repeated failures: a version that comes meanwhile waits as long. */
const maxPauseMs = 10_000;

/** Collaborators of {@link followVersions}. */
export interface Following {
  readonly models: Pick<ModelReader, 'pointer'>;
  /** The version that serves when following begins; undefined: whatever is latest must be refreshed. */
  readonly servingVersion: () => Promise<ModelVersionId | undefined>;
  readonly refresh: (version: ModelVersionId) => Promise<void>;
  /** Whether an error speaks against the version itself, so that trying again is of no use. */
  readonly isRefusal: (error: unknown) => boolean;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly pollMs: number;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/**
 * Refreshes every newest version until `signal` aborts. The old version goes on serving while a refresh fails: one that is refused
 * for what it is waits for the next version, any other failure is tried again, each time after twice the pause.
 */
export async function followVersions({
  models,
  servingVersion,
  refresh,
  isRefusal,
  sleep,
  pollMs,
  logger,
  signal,
}: Following): Promise<void> {
  let done = await servingVersion();
  let failures = 0; // in a row
  while (!signal.aborted) {
    const latest = (await models.pointer('latest'))?.version;
    if (latest !== undefined && latest !== done) {
      try {
        await refresh(latest);
        [done, failures] = [latest, 0];
        continue;
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        const refused = isRefusal(error);
        if (refused) done = latest;
        failures = refused ? 0 : failures + 1;
        logger.error(refused ? 'version.refused' : 'refresh.failed', { modelVersion: latest, reason });
      }
    }
    const pauseMs = Math.min(pollMs * 2 ** failures, Math.max(pollMs, maxPauseMs));
    await sleep(pauseMs, signal).catch(() => undefined); // only an abort ends a sleep early
  }
}
