import { servablePointer, type ServedIndex } from '@gatehouse/artifacts';
import type { ModelVersionId } from '@gatehouse/domain';

import { createLiveIndex, type LiveIndex } from './live-index';
import { loadModel } from './load-model';
import type { Refreshing } from './refresh';

/** Collaborators of {@link reinstate} and {@link takeUp}. */
export type Reinstating = Omit<Refreshing, 'retention' | 'goal'>;

/**
 * Lets an index serve again that has served before, without building anything: it takes what the catalogue changed since, and then the
 * pointer moves.
 *
 * @throws IndexNotFoundError when it was dropped meanwhile; MissingVersionError when its model was.
 */
export async function reinstate(version: ModelVersionId, served: ServedIndex, parts: Reinstating): Promise<void> {
  const { indexId } = served;
  const { models, writer, catalogue, indexes, follower, clock, logger } = parts;
  const beganMs = clock.monotonicMs();
  await writer.point('refreshing', { version });
  const recording = follower.record();
  try {
    const live = await open(version, indexId, parts);
    try {
      const caughtUp = new AbortController();
      const until = follower.live ? follower.offset : 0;
      if (live.offset < until) {
        for await (const changes of catalogue.changes(live.offset, caughtUp.signal)) {
          await live.apply(changes);
          if (live.offset >= until) caughtUp.abort();
        }
      }
      await live.apply(recording.take());
      const servable = await models.pointer('servable');
      await indexes.activate(indexId);
      await writer.point('servable', servablePointer(version, served, servable));
    } catch (error) {
      await live.index.close();
      throw error;
    }
    const { changedItems } = live;
    await follower.replace(live, recording);
    const seconds = (clock.monotonicMs() - beganMs) / 1000;
    logger.info('index.reinstated', { modelVersion: version, indexId, changedItems, seconds });
  } finally {
    recording.end();
  }
}

/**
 * Goes on with the index that serves already, as after a restart: from the catalogue's offset that it was built from.
 *
 * @throws what keeps the index or its model from being used.
 */
export async function takeUp(version: ModelVersionId, indexId: string, parts: Reinstating): Promise<void> {
  const recording = parts.follower.record();
  try {
    await parts.follower.replace(await open(version, indexId, parts), recording);
  } finally {
    recording.end();
  }
}

async function open(version: ModelVersionId, indexId: string, parts: Reinstating): Promise<LiveIndex> {
  const { models, writer, indexes, logger } = parts;
  const { model } = await loadModel(models, version);
  const index = await indexes.open(indexId);
  const offset = Number(index.spec.manifest['catalogueOffset']);
  return createLiveIndex({ version, model, index, offset, checkLeads: () => writer.checkLeads(), logger });
}
