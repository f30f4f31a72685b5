import { FencedError } from '@gatehouse/artifacts';
import { createFilesystemModelStore } from '@gatehouse/artifacts/filesystem';
import { createProfileTable, type EventLog, LeadershipLostError, type Term, userStateOptions } from '@gatehouse/events';
import { createUserState } from '@gatehouse/events/memory';
import { openEventLog } from '@gatehouse/events/open';
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
import { compileSchemaFile, readsProfiles, readYamlFile, type Schema } from '@gatehouse/schema';
import { loadBackend } from '@gatehouse/towers';

import { type TrainerConfig, trainerConfig } from './config';
import { followCatalogue } from './follow-catalogue';
import { createLearner } from './learner';
import { createPublisher, publishedEvents, resume } from './publisher';
import { createDiagnosticsReport } from './report-diagnostics';
import { createSchedule } from './schedule';
import { train, type Training } from './train';
import { createLagReport, type LagWatching, watchLag } from './watch-lag';
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
  logger.info('trainer.starting', { backend, schema: config.schema, log: config.log.kind });

  shutdown.signal.throwIfAborted();
  const log = openEventLog({ ...config, environment: process.env, logger, clock: systemClock });
  shutdown.onStop('event log', () => log.close());
  const metrics = createMetrics('gatehouse_trainer_');
  if (config.diagnostics.metricsPort > 0) {
    const server = await serveMetrics(metrics, config.diagnostics.metricsPort, log.isReachable);
    shutdown.onStop('metrics', () => server.close());
  }
  const leading = leadAgainAndAgain({
    config,
    schema,
    logger,
    log,
    onDiagnostics: createDiagnosticsReport(metrics, logger),
    onLag: createLagReport(metrics),
    signal: shutdown.signal,
  });
  shutdown.onStop('training', () => leading);
  await leading;
}

interface Leading {
  readonly config: TrainerConfig;
  readonly schema: Schema;
  readonly logger: Logger;
  readonly log: EventLog;
  readonly onDiagnostics: Training['onDiagnostics'];
  readonly onLag: LagWatching['onLag'];
  readonly signal: AbortSignal;
}

/** Leads whenever this process is chosen, from the newest checkpoint on, until `signal` aborts. */
async function leadAgainAndAgain(leading: Leading): Promise<void> {
  const { log, logger, signal } = leading;
  while (!signal.aborted) {
    logger.info('lead.awaited');
    let term: Term | undefined;
    try {
      term = await log.election.elected(signal);
      await lead(term, leading);
    } catch (error) {
      if (signal.aborted && error === signal.reason) return; // told to stop while it waited
      // Without an election there is nobody to wait for: whoever took the epoch stays.
      const isLost = error instanceof LeadershipLostError || (error instanceof FencedError && term?.isElected);
      if (!isLost) throw error;
      term?.forfeit();
      logger.warn('lead.lost', { reason: error.message });
    }
  }
}

/** One term: from the newest checkpoint until the signal aborts or the lead is lost. */
async function lead(
  term: Term,
  { config, schema, logger, log, onDiagnostics, onLag, signal: stop }: Leading,
): Promise<void> {
  const over = new AbortController();
  const signal = AbortSignal.any([stop, term.lost, over.signal]);
  const store = createFilesystemModelStore({ folder: config.artifacts.folder });
  const writer = await store.lead('trainer');
  term.holds(writer.epoch);
  logger.info('lead.taken', { epoch: writer.epoch });

  const catalogue = createTrainerCatalogue();
  const userState = createUserState(userStateOptions(schema));
  const profiles = createProfileTable(log.users);
  const learner = createLearner({
    schema,
    catalogue,
    userState,
    featuresOf: profiles.featuresOf,
    evaluation: config.evaluation,
    eventWindow: config.eventWindow,
    measureEveryBatches: config.diagnostics.everyBatches,
  });
  let following: Promise<void> = Promise.resolve();
  let training: Promise<void> = Promise.resolve();
  try {
    const parent = await resume(learner, store, logger);
    if (parent === null) {
      const { values, offset } = await log.items.snapshot();
      catalogue.load(values, offset);
    }
    if (readsProfiles(schema)) await profiles.load();
    const follower = followCatalogue(log.items, catalogue, signal);
    following = Promise.all([
      follower.done,
      readsProfiles(schema) && profiles.follow(signal),
      watchLag({ source: term.source, offsets: () => learner.offsets, onLag, sleep: delay, logger, signal }),
    ]).then(() => undefined);
    training = train({
      source: term.source,
      deadLetters: log.deadLetters,
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
      onDiagnostics,
      onSaved: term.saved,
      sleep: delay,
      logger,
      signal,
    });
    await Promise.all([training, following]);
    term.lost.throwIfAborted();
  } finally {
    over.abort(new LeadershipLostError()); // when one of them failed, the other must save nothing more
    await Promise.allSettled([training, following]);
    learner.dispose();
  }
}

void runMain('trainer', main);
