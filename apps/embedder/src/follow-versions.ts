import type { ModelReader } from '@gatehouse/artifacts';
import type { ModelVersionId } from '@gatehouse/domain';
import type { Logger } from '@gatehouse/runtime';

/** Collaborators of {@link followVersions}. */
export interface Following {
  readonly models: ModelReader;
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
 * for what it is waits for the next version, any other failure is tried again.
 */
export async function followVersions({
  models,
  refresh,
  isRefusal,
  sleep,
  pollMs,
  logger,
  signal,
}: Following): Promise<void> {
  let done = (await models.pointer('servable'))?.version;
  while (!signal.aborted) {
    const latest = (await models.pointer('latest'))?.version;
    if (latest !== undefined && latest !== done) {
      try {
        await refresh(latest);
        done = latest;
        continue;
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        if (isRefusal(error)) done = latest;
        logger.error(isRefusal(error) ? 'version.refused' : 'refresh.failed', { modelVersion: latest, reason });
      }
    }
    await sleep(pollMs, signal).catch(() => undefined); // only an abort ends a sleep early
  }
}
