import type { ModelReader } from '@gatehouse/artifacts';
import type { ModelVersionId } from '@gatehouse/domain';
import type { ItemIndexStore } from '@gatehouse/item-index';
import type { Logger } from '@gatehouse/runtime';

/** The version that serves, or undefined when none does or its index is lost or damaged and must be built again. */
export async function servingVersion(
  models: Pick<ModelReader, 'pointer'>,
  indexes: Pick<ItemIndexStore, 'open'>,
  logger: Logger,
): Promise<ModelVersionId | undefined> {
  const serving = await models.pointer('servable');
  if (serving?.indexId === undefined) return undefined;
  try {
    await (await indexes.open(serving.indexId)).close();
    return serving.version;
  } catch (error) {
    logger.warn('index.unusable', { indexId: serving.indexId, error });
    return undefined;
  }
}
