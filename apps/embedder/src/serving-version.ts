import type { ModelReader } from '@gatehouse/artifacts';
import type { ModelVersionId } from '@gatehouse/domain';
import { describeError, type Logger } from '@gatehouse/runtime';

/**
 * The version that serves, after its index was taken up; undefined when none does, or when index or model cannot be used and must be built
 * again.
 */
export async function servingVersion(
  models: Pick<ModelReader, 'pointer'>,
  takeUp: (version: ModelVersionId, indexId: string) => Promise<void>,
  logger: Logger,
): Promise<ModelVersionId | undefined> {
  const serving = await models.pointer('servable');
  if (serving?.indexId === undefined) return undefined;
  try {
    await takeUp(serving.version, serving.indexId);
    return serving.version;
  } catch (error) {
    logger.warn('index.unusable', { indexId: serving.indexId, reason: describeError(error) });
    return undefined;
  }
}
