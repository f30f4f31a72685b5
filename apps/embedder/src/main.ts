import { DamagedVersionError, type ServedIndex, UnsupportedVersionError } from '@gatehouse/artifacts';
import { createFilesystemModelStore } from '@gatehouse/artifacts/filesystem';
import type { ModelVersionId } from '@gatehouse/domain';
import { openEventLog } from '@gatehouse/events/open';
import { NonFiniteVectorError } from '@gatehouse/item-index';
import { openItemIndexStore } from '@gatehouse/item-index/open';
import {
  createLogger,
  createMetrics,
  createShutdown,
  delay,
  type Logger,
  runMain,
  serveMetrics,
  type Shutdown,
  systemClock,
} from '@gatehouse/runtime';
import { readYamlFile } from '@gatehouse/schema';
import { loadBackend } from '@gatehouse/towers';

import { type EmbedderConfig, embedderConfig } from './config';
import { followVersions } from './follow-versions';
import { createCatalogueFollower } from './follow-catalogue';
import { IndexRefusedError } from './index-refused-error';
import { refresh } from './refresh';
import { reinstate, takeUp } from './reinstate';
import { createRetention } from './retention';
import { servingVersion } from './serving-version';
import { serveVersion } from './serve-version';

/** Time that each step of the shutdown may take; a refresh that is cut off is done again after the next start. */
const stopTimeoutMs = 10_000;
/** Errors that speak against the version itself. */
const refusals = [IndexRefusedError, DamagedVersionError, UnsupportedVersionError, NonFiniteVectorError];

async function main(): Promise<number> {
  const environment = { prefix: 'GATEHOUSE_EMBEDDER_', values: process.env };
  const config = await readYamlFile(process.argv[2] ?? 'config/embedder.yaml', embedderConfig, environment);
  const logger = createLogger({ app: 'embedder', level: config.logLevel });
  const shutdown = createShutdown({ signals: process, logger, timeoutMs: stopTimeoutMs });
  return shutdown.run(() => embed(config, logger, shutdown));
}

async function embed(config: EmbedderConfig, logger: Logger, shutdown: Shutdown): Promise<void> {
  const backend = await loadBackend(config.backend, (name, reason) => logger.info('backend.absent', { name, reason }));
  logger.info('embedder.starting', { backend, index: config.index.kind });

  shutdown.signal.throwIfAborted();
  const log = openEventLog({ ...config, environment: process.env, logger, clock: systemClock });
  shutdown.onStop('event log', () => log.close());
  if (config.healthPort > 0) {
    const server = await serveMetrics(createMetrics('gatehouse_embedder_'), config.healthPort);
    shutdown.onStop('health', () => server.close());
  }
  const models = createFilesystemModelStore({ folder: config.artifacts.folder });
  const indexes = await openItemIndexStore({ ...config, environment: process.env });
  const follower = createCatalogueFollower({ catalogue: log.items, delay, logger });
  const parts = {
    models,
    writer: await models.lead('embedder'),
    catalogue: log.items,
    indexes,
    follower,
    clock: systemClock,
    logger,
  };
  const retention = createRetention(indexes, config.index.retainMs, systemClock, logger);
  const ways = {
    models,
    reinstate: (version: ModelVersionId, served: ServedIndex) => reinstate(version, served, parts),
    refresh: (version: ModelVersionId) =>
      refresh(version, {
        ...parts,
        retention,
        goal: { ...config.index.search, coarsePrefix: config.index.coarsePrefix },
      }),
    logger,
  };
  const isWorn = (): boolean => follower.isLost || (follower.live?.changedItems ?? 0) >= config.index.foldAfterChanges;

  const following = followVersions({
    models,
    servingVersion: () =>
      servingVersion({
        models,
        takeUp: (version, indexId) => takeUp(version, indexId, parts),
        delay,
        logger,
        signal: shutdown.signal,
      }),
    serve: (version) => serveVersion(version, ways),
    isWorn,
    isRefusal: (error) => refusals.some((refusal) => error instanceof refusal),
    sleep: delay,
    pollMs: config.pollMs,
    logger,
    signal: shutdown.signal,
  });
  const both = Promise.all([following, follower.follow(shutdown.signal)]);
  shutdown.onStop('refresh', () => both);
  await both;
  await follower.live?.index.close();
}

void runMain('embedder', main);
