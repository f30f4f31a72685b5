import {
  DamagedVersionError,
  MissingPartError,
  MissingVersionError,
  type ModelReader,
  UnsupportedVersionError,
} from '@gatehouse/artifacts';
import type { ModelVersionId } from '@gatehouse/domain';
import { IndexDamagedError, IndexNotFoundError, IndexNotSealedError } from '@gatehouse/item-index';
import { type Delay, describeError, type Logger } from '@gatehouse/runtime';

import { IndexRefusedError } from './index-refused-error';

/** What says that index or model cannot be used: only a new build helps. Anything else may be over soon. */
const lost = [
  DamagedVersionError,
  IndexDamagedError,
  IndexNotFoundError,
  IndexNotSealedError,
  IndexRefusedError,
  MissingPartError,
  MissingVersionError,
  UnsupportedVersionError,
];
/** Pause before it is tried again. */
const retryMs = 1000;

/** Collaborators of {@link servingVersion}. */
export interface TakingUp {
  readonly models: Pick<ModelReader, 'pointer'>;
  readonly takeUp: (version: ModelVersionId, indexId: string) => Promise<void>;
  readonly delay: Delay;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/**
 * The version that serves, after its index was taken up: a store that is away is waited for. Undefined when none serves, or when index or
 * model cannot be used and must be built again.
 */
export async function servingVersion({
  models,
  takeUp,
  delay,
  logger,
  signal,
}: TakingUp): Promise<ModelVersionId | undefined> {
  while (!signal.aborted) {
    const serving = await models.pointer('servable');
    if (serving?.indexId === undefined) return undefined;
    try {
      await takeUp(serving.version, serving.indexId);
      return serving.version;
    } catch (error) {
      logger.warn('index.unusable', { indexId: serving.indexId, reason: describeError(error) });
      if (lost.some((type) => error instanceof type)) return undefined;
    }
    await delay(retryMs, signal).catch(() => undefined); // only an abort ends it early
  }
  return undefined;
}
