import { type ModelReader, type ModelWriter, servablePointer, servedBefore } from '@gatehouse/artifacts';
import type { ModelVersionId } from '@gatehouse/domain';
import type { ItemCatalogue } from '@gatehouse/events';
import type { ItemIndexStore } from '@gatehouse/item-index';
import type { Clock, Logger } from '@gatehouse/runtime';

import { buildIndex, type BuiltIndex } from './build-index';
import type { CatalogueFollower } from './follow-catalogue';
import { createLiveIndex } from './live-index';
import { loadModel } from './load-model';
import { checkNextItems, type NextItemRecall } from './next-item-gate';
import type { Retention } from './retention';
import { type SearchGoal, type TunedSearch, tuneSearch } from './tune-search';
import { verifyIndex } from './verify-index';

/** Canaries whose answers are compared with an exact search. */
const canariesSearched = 200;

/** Collaborators of {@link refresh}. */
export interface Refreshing {
  readonly models: ModelReader;
  readonly writer: ModelWriter;
  readonly catalogue: ItemCatalogue;
  readonly indexes: ItemIndexStore;
  readonly follower: CatalogueFollower;
  readonly retention: Retention;
  /** What is asked of the searches of an index. */
  readonly goal: SearchGoal;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Turns a model version into the index that serves it: load, embed, build, verify, catch up with the catalogue, and only then move the
 * pointer. Whatever goes wrong before the last step leaves the old index serving, and running it again converges.
 *
 * @throws IndexRefusedError, DamagedVersionError, or what a store throws.
 */
export async function refresh(version: ModelVersionId, refreshing: Refreshing): Promise<void> {
  const { models, writer, catalogue, indexes, follower, retention, goal, clock, logger } = refreshing;
  const beganMs = clock.monotonicMs();
  await writer.point('refreshing', { version }); // the trainer may publish on, but not prune it
  const { model, canaries } = await loadModel(models, version);
  const servable = await models.pointer('servable');

  const recording = follower.record();
  try {
    const { values: items, offset } = await catalogue.snapshot();
    const searched = canaries.slice(-canariesSearched);
    const built = await buildIndex(indexes, {
      version,
      model,
      items,
      catalogueOffset: offset,
      catalogueTimeMs: clock.nowMs(),
      canaries: searched,
      k: goal.k,
      coarsePrefix: goal.coarsePrefix,
      served: servedBefore(servable).map(({ indexId }) => indexId),
    });
    const { index } = built;
    const { indexId } = index;
    const live = createLiveIndex({ version, model, index, offset, checkLeads: () => writer.checkLeads(), logger });
    let checks: Checks;
    let tuned: TunedSearch;
    try {
      tuned = await tuneSearch(index, searched, built.nearest, goal, clock);
      const canaryRecallAt10 = await verifyIndex(built, model, items, searched, tuned.effort);
      checks = {
        canaryRecallAt10,
        searchEffort: tuned.effort,
        ...(follower.live && (await checkNextItems(index, canaries, follower.live))),
      };
      await live.apply(recording.take()); // most of what came meanwhile; the rest when it takes over
    } catch (error) {
      await letGo(built, indexes);
      throw error;
    }

    try {
      await indexes.activate(indexId);
      await writer.point(
        'servable',
        servablePointer(version, { indexId, effort: tuned.effort }, servable, tuned.curve),
      );
    } catch (error) {
      await index.close();
      throw error;
    }
    await follower.replace(live, recording);
    // It serves: what cannot be dropped now is dropped after a later refresh.
    await retention
      .servable(indexId)
      .catch((error: unknown) => logger.error('index.retention-failed', { indexId, error }));
    const seconds = (clock.monotonicMs() - beganMs) / 1000;
    logger.info('index.servable', { modelVersion: version, indexId, indexSize: built.count, ...checks, seconds });
  } finally {
    recording.end();
  }
}

type Checks = { readonly canaryRecallAt10: number; readonly searchEffort: number } & Partial<NextItemRecall>;

/** Or a refused index would stay, and count as a predecessor. */
async function letGo({ index }: BuiltIndex, indexes: ItemIndexStore): Promise<void> {
  try {
    await indexes.drop(index.indexId);
  } finally {
    await index.close();
  }
}
