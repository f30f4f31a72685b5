import { createFilesystemModelStore } from '@gatehouse/artifacts/filesystem';
import { userStateOptions } from '@gatehouse/events';
import {
  createEmbeddedDeadLetterSink,
  createEmbeddedImpressionSource,
  createEmbeddedItemCatalogue,
  openEmbeddedLog,
} from '@gatehouse/events/embedded';
import { createUserState } from '@gatehouse/events/memory';
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
import { compileSchemaFile, readYamlFile, type Schema } from '@gatehouse/schema';
import { loadBackend } from '@gatehouse/towers';

import { type TrainerConfig, trainerConfig } from './config';
import { followCatalogue } from './follow-catalogue';
import { createLearner } from './learner';
import { createPublisher, publishedEvents, resume } from './publisher';
import { createDiagnosticsReport } from './report-diagnostics';
import { createSchedule } from './schedule';
import { train } from './train';
import { createTrainerCatalogue } from './trainer-catalogue';

/** Time that each step of the shutdown may take, the final checkpoint among them. */
const stopTimeoutMs = 10_000;

async function main(): Promise<number> {
  const environment = { prefix: 'GATEHOUSE_TRAINER_', values: process.env };
  const config = await readYamlFile(process.argv[2] ?? 'config/trainer.yaml', trainerConfig, environment);
  const schema = await compileSchemaFile(config.schema);
  const logger = createLogger({ app: 'trainer', level: config.logLevel });
  const shutdown = createShutdown({ signals: process, logger, timeoutMs: stopTimeoutMs });
  return shutdown.run(() => learn(config, schema, logger, shutdown));
}

async function learn(config: TrainerConfig, schema: Schema, logger: Logger, shutdown: Shutdown): Promise<void> {
  const backend = await loadBackend(config.backend, (name, reason) => logger.info('backend.absent', { name, reason }));
  logger.info('trainer.starting', { backend, schema: config.schema });

  shutdown.signal.throwIfAborted();
  const log = openEmbeddedLog({ folder: config.log.folder });
  shutdown.onStop('event log', () => log.close());
  const store = createFilesystemModelStore({ folder: config.artifacts.folder });
  const writer = await store.lead('trainer');

  const items = createEmbeddedItemCatalogue(log);
  const catalogue = createTrainerCatalogue();
  const userState = createUserState(userStateOptions(schema));
  const learner = createLearner({
    schema,
    catalogue,
    userState,
    evaluation: config.evaluation,
    measureEveryBatches: config.diagnostics.everyBatches,
  });
  const parent = await resume(learner, store, logger);
  if (parent === null) {
    const { items: all, offset } = await items.snapshot();
    catalogue.load(all, offset);
  }
  const metrics = createMetrics('gatehouse_trainer_');
  if (config.diagnostics.metricsPort > 0) {
    const server = await serveMetrics(metrics, config.diagnostics.metricsPort);
    shutdown.onStop('metrics', () => server.close());
  }
  const follower = followCatalogue(items, catalogue, shutdown.signal);

  const training = train({
    source: createEmbeddedImpressionSource(log),
    deadLetters: createEmbeddedDeadLetterSink(log),
    learner,
    publisher: createPublisher(learner, writer, parent, config.artifacts, systemClock, logger),
    schedule: createSchedule(
      {
        publishEveryEvents: config.publish.everyEvents,
        publishAfterIdleMs: config.publish.afterIdleMs,
        checkpointEveryMs: config.checkpoint.everyMs,
      },
      { savedEvents: learner.counts.applied, publishedEvents: await publishedEvents(store, learner) },
      systemClock,
    ),
    followCatalogue: follower.apply,
    onDiagnostics: createDiagnosticsReport(metrics, logger),
    sleep: delay,
    logger,
    signal: shutdown.signal,
  });
  shutdown.onStop('training', () => training);
  await Promise.all([training, follower.done]);
}

void runMain('trainer', main);
