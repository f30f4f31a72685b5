import { join } from 'node:path';

import { setLogger } from '@grpc/grpc-js';
import { createFilesystemModelStore } from '@gatehouse/artifacts/filesystem';
import { createProfileTable, userStateOptions } from '@gatehouse/events';
import { createEmbeddedUserState, type EmbeddedUserState } from '@gatehouse/events/embedded';
import { createUserState } from '@gatehouse/events/memory';
import { openEventLog } from '@gatehouse/events/open';
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
import { readYamlFile, type Schema } from '@gatehouse/schema';
import { loadBackend } from '@gatehouse/towers';

import { type RetrieverConfig, retrieverConfig } from './config';
import { createOffThreadLoader } from './load-off-thread';
import { quietGrpc } from './quiet-grpc';
import { startRetriever } from './start-retriever';
import { twoTowerLibrary } from './two-tower-library';

const prefix = 'GATEHOUSE_RETRIEVER_';
/** Of each step of the end; serving has the longest, and the process must be gone 15 s after SIGTERM. */
const stopTimeoutMs = 14_000;

async function main(): Promise<number> {
  const config = await readYamlFile(process.argv[2] ?? 'config/retriever.yaml', retrieverConfig, {
    prefix,
    values: process.env,
  });
  const logger = createLogger({ app: 'retriever', level: config.logLevel });
  setLogger(quietGrpc(logger));
  const shutdown = createShutdown({ signals: process, logger, timeoutMs: stopTimeoutMs });
  return shutdown.run(() => serve(config, logger, shutdown));
}

async function serve(config: RetrieverConfig, logger: Logger, shutdown: Shutdown): Promise<void> {
  const backend = await loadBackend(config.backend, (name, reason) => logger.info('backend.absent', { name, reason }));

  shutdown.signal.throwIfAborted();
  const log = openEventLog({ ...config, environment: process.env, logger, clock: systemClock });
  shutdown.onStop('log', () => log.close());
  const openUsers = (schema: Schema): EmbeddedUserState =>
    createEmbeddedUserState(config.userState.folder, userStateOptions(schema));
  const metrics = createMetrics('gatehouse_retriever_');
  const retriever = await startRetriever(
    {
      models: createFilesystemModelStore({ folder: config.artifacts.folder }),
      loadParts: createOffThreadLoader(join(__dirname, 'load-version.worker.js'), config.artifacts.folder),
      indexes: await openItemIndexStore({ ...config, environment: process.env }),
      towers: twoTowerLibrary,
      source: log.source,
      items: log.items,
      profiles: createProfileTable(log.users),
      openUsers,
      nobody: (schema) => createUserState(userStateOptions(schema)).snapshot(),
      metrics,
      clock: systemClock,
      delay,
      logger,
    },
    config,
  );
  if (config.adminPort > 0) {
    const admin = await serveMetrics(metrics, config.adminPort, () => retriever.isReady);
    shutdown.onStop('admin', () => admin.close());
    logger.info('admin.listening', { port: admin.port });
  }
  shutdown.onStop('serving', retriever.stop);
  logger.info('retriever.listening', { backend, host: config.host, port: retriever.port });
  await retriever.failed;
}

void runMain('retriever', main);
