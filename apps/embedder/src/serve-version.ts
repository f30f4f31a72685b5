import { lastIndexOf, type ModelReader, type ServedIndex } from '@gatehouse/artifacts';
import type { ModelVersionId } from '@gatehouse/domain';
import { IndexDamagedError, IndexNotFoundError, IndexNotSealedError } from '@gatehouse/item-index';
import { describeError, type Logger } from '@gatehouse/runtime';

/** Ways to let a version serve. */
export interface ServingWays {
  readonly models: Pick<ModelReader, 'pointer'>;
  /** By an index that has served before. */
  readonly reinstate: (version: ModelVersionId, served: ServedIndex) => Promise<void>;
  /** By a new index. */
  readonly refresh: (version: ModelVersionId) => Promise<void>;
  readonly logger: Logger;
}

/** Lets a version serve: with the index that it had, if that is still there and another serves, else with a new one. */
export async function serveVersion(version: ModelVersionId, ways: ServingWays): Promise<void> {
  const { models, reinstate, refresh, logger } = ways;
  const servable = await models.pointer('servable');
  const served = servable?.version === version ? undefined : lastIndexOf(version, servable);
  if (served) {
    try {
      await reinstate(version, served);
      return;
    } catch (error) {
      if (!isGone(error)) throw error;
      logger.warn('index.unusable', { indexId: served.indexId, reason: describeError(error) });
    }
  }
  await refresh(version);
}

function isGone(error: unknown): boolean {
  return [IndexDamagedError, IndexNotFoundError, IndexNotSealedError].some((type) => error instanceof type);
}
