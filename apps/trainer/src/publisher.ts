import {
  formatModelVersion,
  isPatch,
  type ModelVersionId,
  parseModelVersion,
  type Snapshot,
  type SnapshotPatch,
} from '@gatehouse/domain';
import type { ModelReader, ModelWriter, VersionDraft } from '@gatehouse/artifacts';
import { DamagedVersionError, loadNewest, MissingVersionError } from '@gatehouse/artifacts';
import type { Clock, Logger } from '@gatehouse/runtime';

import { createDeltaPolicy } from './delta-policy';
import type { Learner } from './learner';

/** Writes what a learner holds to the model store. */
export interface Publisher {
  /** Offers the learner's state to the embedder as a new version. */
  publish(): Promise<ModelVersionId>;
  /** Saves the learner's state to resume from, without offering it. */
  checkpoint(): Promise<ModelVersionId>;
}

/** How versions are kept. */
export interface VersionKeeping {
  /** Versions in a row that may be saved as what changed since the one before. */
  readonly maxDeltas: number;
  /** Newest versions that always stay. */
  readonly keep: number;
  /** Time that every version stays, so that who began to read it can end. */
  readonly retainMs: number;
}

/** Creates the publisher of one leadership; `parent` is the version that the learner continues. */
export function createPublisher(
  learner: Learner,
  writer: ModelWriter,
  parent: ModelVersionId | null,
  { maxDeltas, keep, retainMs }: VersionKeeping,
  clock: Pick<Clock, 'monotonicMs'>,
  logger: Logger,
): Publisher {
  let newest = parent;
  const deltas = createDeltaPolicy(maxDeltas);
  const savedMs = new Map<ModelVersionId, number>();

  const prune = async (): Promise<void> => {
    for (const [id, atMs] of savedMs) if (clock.monotonicMs() - atMs >= retainMs) savedMs.delete(id);
    await writer.prune(keep, [...savedMs.keys()]);
  };

  const save = async (metrics: Readonly<Record<string, number>>): Promise<ModelVersionId> => {
    const sequence = newest === null ? 1 : parseModelVersion(newest).sequence + 1;
    const id = formatModelVersion({ epoch: writer.epoch, sequence });
    const { base } = deltas;
    const manifest = await writer.save({
      id,
      parent: newest,
      schemaHash: learner.model.schema.hash,
      offsets: learner.offsets,
      metrics,
      base,
      ...(base === null ? { parts: learner.snapshot() } : contentOf(learner.patch())),
    });
    learner.saved(); // not before: what was not saved belongs into the next patch
    deltas.saved(manifest);
    newest = id;
    savedMs.set(id, clock.monotonicMs());
    await writer.point('checkpoint', { version: id });
    return id;
  };

  let since = reading(learner);
  return {
    publish: async () => {
      const now = reading(learner);
      const metrics = versionMetrics(since, now);
      const id = await save(metrics);
      await writer.point('latest', { version: id });
      await prune();
      since = now;
      logger.info('model.published', { modelVersion: id, ...metrics });
      return id;
    },
    checkpoint: async () => {
      const id = await save(versionMetrics(since, reading(learner)));
      await prune();
      logger.info('checkpoint.saved', { modelVersion: id, applied: learner.counts.applied });
      return id;
    },
  };
}

/** Patches and whole parts, apart. */
function contentOf(saved: ReturnType<Learner['patch']>): Pick<VersionDraft, 'parts' | 'patches'> {
  const parts: Record<string, Snapshot> = {};
  const patches: Record<string, SnapshotPatch> = {};
  for (const [name, each] of Object.entries(saved)) {
    if (isPatch(each)) patches[name] = each;
    else parts[name] = each;
  }
  return { parts, patches };
}

/** The learner's sums at one moment. */
type Reading = Learner['counts'] & Learner['prequential'];

function reading({ counts, prequential }: Learner): Reading {
  return { ...counts, ...prequential };
}

/** Figures of a version: totals, and means over what was learned since the version before it. */
function versionMetrics(since: Reading, now: Reading): Readonly<Record<string, number>> {
  const batches = now.batches - since.batches;
  const evaluated = now.evaluated - since.evaluated;
  return {
    events: now.applied,
    eventTimeMs: now.eventTimeMs,
    ...(batches > 0 && { loss: (now.lossSum - since.lossSum) / batches }),
    ...(evaluated > 0 && {
      recallAt10: (now.hits - since.hits) / evaluated,
      popularityRecallAt10: (now.popularityHits - since.popularityHits) / evaluated,
    }),
  };
}

/**
 * Restores the newest sound checkpoint into a learner.
 *
 * @returns the version that the learner continues, or null when there is none.
 */
export async function resume(learner: Learner, store: ModelReader, logger: Logger): Promise<ModelVersionId | null> {
  const newest = await loadNewest(store, 'checkpoint', undefined, (error) =>
    logger.error('checkpoint.refused', { reason: error.message }),
  );
  if (!newest) return null;
  const { manifest, parts } = newest;
  if (manifest.schemaHash !== learner.model.schema.hash) {
    throw new SchemaChangedError(manifest.id, manifest.schemaHash, learner.model.schema.hash);
  }
  learner.restore(parts, manifest.offsets);
  logger.info('checkpoint.resumed', { modelVersion: manifest.id, applied: learner.counts.applied });
  return manifest.id;
}

/**
 * Events that the newest offered version had learned, as far as the learner has got. When that version is damaged, the learner goes
 * on from an older one, and what it learns again must be offered again: the embedder cannot use the damaged one either.
 */
export async function publishedEvents(store: ModelReader, { counts }: Learner): Promise<number> {
  const latest = await store.pointer('latest');
  if (!latest) return 0;
  try {
    const { metrics } = await store.manifest(latest.version);
    return Math.min(metrics['events'] ?? 0, counts.applied);
  } catch (error) {
    if (error instanceof DamagedVersionError || error instanceof MissingVersionError) return 0;
    throw error;
  }
}

/** The stored checkpoint was trained with another schema; nothing was changed. */
export class SchemaChangedError extends Error {
  override readonly name = 'SchemaChangedError';
  constructor(
    readonly version: ModelVersionId,
    readonly stored: string,
    readonly configured: string,
  ) {
    super(
      `checkpoint ${version}: expected schema ${configured.slice(0, 12)}, found ${stored.slice(0, 12)}; ` +
        'use the schema it was trained with, or name another artifacts folder to start anew',
    );
  }
}
