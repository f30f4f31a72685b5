import { type ModelReader, type ModelWriter, partsOf } from '@gatehouse/artifacts';
import type { ModelVersionId } from '@gatehouse/domain';
import type { ItemCatalogue } from '@gatehouse/events';
import type { ItemIndexStore } from '@gatehouse/item-index';
import type { Clock, Logger } from '@gatehouse/runtime';
import { canariesPart, canarySkew, readCanaries, restoreTwoTowerModel, servingParts } from '@gatehouse/towers';

import { buildIndex } from './build-index';
import type { Retention } from './retention';
import { IndexRefusedError, verifyIndex } from './verify-index';

/** Canaries whose answers are compared with an exact search. */
const canariesSearched = 200;
const k = 10;
/** Largest difference of a recomputed canary vector. */
const maxSkew = 1e-5;

/** Collaborators of {@link refresh}. */
export interface Refreshing {
  readonly models: ModelReader;
  readonly writer: ModelWriter;
  readonly catalogue: ItemCatalogue;
  readonly indexes: ItemIndexStore;
  readonly retention: Retention;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Turns a model version into the index that serves it: load, embed, build, verify, and only then move the pointer.
 * Whatever goes wrong before the last step leaves the old index serving, and running it again converges.
 *
 * @throws IndexRefusedError, DamagedVersionError, or what a store throws.
 */
export async function refresh(version: ModelVersionId, refreshing: Refreshing): Promise<void> {
  const { models, writer, catalogue, indexes, retention, clock, logger } = refreshing;
  const beganMs = clock.monotonicMs();
  await writer.point('refreshing', { version }); // the trainer may publish on, but not prune it
  const wanted = servingParts(partsOf(await models.manifest(version)));
  const { parts } = await models.load(version, [...wanted, canariesPart]);
  const model = restoreTwoTowerModel(parts);
  const canaries = readCanaries(parts[canariesPart]);
  const skew = canarySkew(canaries, model.query);
  if (!(skew <= maxSkew)) throw new IndexRefusedError(version, 'canary skew', `at most ${maxSkew}`, String(skew));

  const { values: items, offset } = await catalogue.snapshot();
  const searched = canaries.slice(-canariesSearched);
  const serving = (await models.pointer('servable'))?.indexId;
  const built = await buildIndex(indexes, {
    version,
    model,
    items,
    catalogueOffset: offset,
    catalogueTimeMs: clock.nowMs(),
    canaries: searched,
    k,
    serving,
  });
  const { indexId } = built.index;
  let canaryRecallAt10: number;
  try {
    canaryRecallAt10 = await verifyIndex(built, model, items, searched);
  } catch (error) {
    await indexes.drop(indexId); // or it would stay, and count as a predecessor
    throw error;
  } finally {
    await built.index.close();
  }

  await indexes.activate(indexId);
  await writer.point('servable', { version, indexId });
  // It serves: what cannot be dropped now is dropped after a later refresh.
  await retention
    .servable(indexId)
    .catch((error: unknown) => logger.error('index.retention-failed', { indexId, error }));
  const seconds = (clock.monotonicMs() - beganMs) / 1000;
  logger.info('index.servable', { modelVersion: version, indexId, indexSize: built.count, canaryRecallAt10, seconds });
}
