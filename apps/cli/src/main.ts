import { mkdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';

import type { ModelStore } from '@gatehouse/artifacts';
import { createFilesystemModelStore } from '@gatehouse/artifacts/filesystem';
import { type CandidateClient, createCandidateClient } from '@gatehouse/client';
import { formatModelVersion, idProblem, parseModelVersion } from '@gatehouse/domain';
import type { EventLog } from '@gatehouse/events';
import { connectKafka, createTopics } from '@gatehouse/events/kafka';
import { openEventLog } from '@gatehouse/events/open';
import { createLogger, createShutdown, delay, exitCode, readSecret, runMain, systemClock } from '@gatehouse/runtime';
import { actionOf, compileSchemaFile, readYamlFile } from '@gatehouse/schema';
import { Command, InvalidArgumentError } from 'commander';

import { type CliConfig, cliConfig } from './config';
import { type DemoData, readMovieLens } from './demo-data';
import { evaluate, formatEvaluation } from './evaluate';
import { checkData, formatDataReport } from './checks/check-data';
import {
  formatIngest,
  ingestEvents,
  ingestItems,
  ingestProfiles,
  type IngestResult,
  type OnBytes,
} from './ingest/ingest';
import { interruptible, untilAborted } from './interruptible';
import { createProgress, type Progress, type Task } from './progress';
import { formatAnswer, query } from './query';
import { recentItems } from './recent-items';
import { type AppProcess, type LogLine, startApp } from './start/app-process';
import { appEntry, appEnvironment } from './start/app-settings';
import { checkEmpty } from './start/check-empty';
import { fillLog } from './start/fill-log';
import { isProcessAlive, takeRunLock } from './start/run-lock';
import { start } from './start/start';
import { readTitles } from './titles';
import { formatVersions, listVersions } from './versions/list-versions';
import { formatCurve } from './versions/search-curve';
import { formatTuning, tuneIndex } from './versions/tune-index';
import { resume, rollback } from './versions/rollback';
import { writeReport } from './write-report';

const beganMs = Date.now();
const root = process.env['GATEHOUSE_ROOT'] ?? process.cwd();
const print = (text: string): void => void process.stdout.write(`${text}\n`);

async function readConfig(): Promise<CliConfig> {
  const environment = { prefix: 'GATEHOUSE_CLI_', values: process.env };
  const config = await readYamlFile(join(root, 'config', 'cli.yaml'), cliConfig, environment);
  const inRoot = <T extends { readonly folder: string }>(part: T): T => ({
    ...part,
    folder: resolve(root, part.folder),
  });
  return {
    ...config,
    schema: resolve(root, config.schema),
    log: inRoot(config.log),
    artifacts: inRoot(config.artifacts),
    index: inRoot(config.index),
    userState: inRoot(config.userState),
    processes: inRoot(config.processes),
    demo: inRoot(config.demo),
    reports: inRoot(config.reports),
  };
}

function connect({ retriever }: CliConfig): CandidateClient {
  const { host, port, deadlineMs, tokenFile, tokenVariable: variable } = retriever;
  const file = tokenFile === undefined ? undefined : resolve(root, tokenFile);
  const hasToken = file !== undefined || variable !== undefined;
  return createCandidateClient({
    address: `${host}:${port}`,
    deadlineMs,
    ...(hasToken && { token: readSecret('retriever.token', { file, variable }, { environment: process.env }) }),
  });
}

/** How to start a built app, with its log kept in a file of its own. */
function appStarter(
  config: CliConfig,
  name: string,
  entry: string,
  environment: Readonly<Record<string, string>>,
  args: readonly string[] = [],
): (onLine: (line: LogLine) => void) => AppProcess {
  mkdirSync(config.processes.folder, { recursive: true });
  const logFile = join(config.processes.folder, `${name}.log`);
  return (onLine) => startApp({ name, entry, args, environment, workingFolder: root, logFile, onLine });
}

async function withLog<T>(config: Pick<CliConfig, 'log' | 'kafka'>, use: (log: EventLog) => Promise<T>): Promise<T> {
  const logger = createLogger({ app: 'cli', level: 'silent' });
  const log = openEventLog({ ...config, environment: process.env, logger, clock: systemClock });
  try {
    return await use(log);
  } finally {
    await log.close();
  }
}

/** Runs work that SIGINT, SIGTERM or the loss of the terminal end in order; a second signal ends the process at once. */
function untilSignal(config: CliConfig, work: (signal: AbortSignal) => Promise<number>): Promise<number> {
  const shutdown = createShutdown({
    signals: process,
    logger: createLogger({ app: 'cli', level: 'silent' }),
    timeoutMs: 4 * config.processes.stopTimeoutMs, // three apps end one after the other
  });
  process.on('SIGHUP', () => void shutdown.stop());
  return interruptible(shutdown, print, work);
}

interface StartOptions {
  readonly exit?: boolean;
  readonly empty?: boolean;
  readonly user?: string;
}

async function startCommand({ exit, empty, user }: StartOptions): Promise<number> {
  const config = await readConfig();
  const schema = await compileSchemaFile(config.schema);
  const progress = createProgress(process.stdout);
  const userId = user ?? config.demo.userId;
  const installedMs = Number(process.env['GATEHOUSE_INSTALLED_MS'] ?? beganMs);
  const readData = (): Promise<DemoData> => readMovieLens(config.demo.folder);

  const run = async (log: EventLog, client: CandidateClient, signal: AbortSignal): Promise<number> => {
    const { source, sink, items: catalogue } = log;
    const target = { source, sink, catalogue };
    const isPositive = (action: string): boolean => (actionOf(schema, action)?.weight ?? 0) > 0;
    const running = await start({
      startApp: (name, onLine) => appStarter(config, name, appEntry(root, name), appEnvironment(name, config))(onLine),
      stopTimeoutMs: config.processes.stopTimeoutMs,
      fillLog: () =>
        empty
          ? checkEmpty(source, catalogue, config.log.folder)
          : fillLog(readData, target, isPositive, progress, signal),
      client,
      userId,
      batchSize: schema.training.batchSize,
      progress,
      elapsedMs: () => Date.now() - installedMs,
      sleep: delay,
      signal,
    });
    try {
      progress.end();
      print(`\nreport: ${await writeReport(config.reports.folder, 'start', running.report)}`);
      if (running.answer) {
        const titleOf = await readTitles(catalogue);
        print(`\nuser ${userId} lately rated:`);
        for (const itemId of await recentItems(source, userId)) print(`  ${titleOf(itemId)} (${itemId})`);
        print(`\nand should see next, from ${formatAnswer(running.answer, titleOf)}`);
      }
      if (exit) return exitCode.ok;
      print(`\nServing on ${config.retriever.host}:${config.retriever.port} until Ctrl-C. Ask for another user:`);
      print('  ./gatehouse query --user 7 --limit 10');
      await Promise.race([untilAborted(signal), running.ended]); // an app that ends by itself ends the command
      return exitCode.ok;
    } finally {
      await running.stop();
    }
  };

  return untilSignal(config, async (signal) => {
    const release = takeRunLock(join(config.processes.folder, 'start.lock'), process.pid, isProcessAlive);
    const client = connect(config);
    try {
      return await withLog(config, (log) => run(log, client, signal));
    } finally {
      progress.end();
      client.close();
      release();
    }
  });
}

async function queryCommand({ user, limit }: { user: string; limit: number }): Promise<void> {
  const config = await readConfig();
  const titleOf = await withLog(config, (log) => readTitles(log.items));
  const client = connect(config);
  try {
    print(await query(client, user, limit, titleOf));
  } finally {
    client.close();
  }
}

async function topicsCommand({ partitions, replicas, retentionDays }: TopicsOptions): Promise<void> {
  const { kafka } = await readConfig();
  const logger = createLogger({ app: 'cli', level: 'silent' });
  const connection = connectKafka(kafka, { environment: process.env }, logger, systemClock);
  try {
    const created = await createTopics(connection, { partitions, replicas, retentionMs: retentionDays * dayMs });
    print(created.length > 0 ? `created: ${created.join(', ')}` : 'every topic is there');
  } finally {
    await connection.close();
  }
}

/** The embedder has to load a model and open an index. */
const rollbackTimeoutMs = 60_000;

async function openModels(): Promise<ModelStore> {
  return createFilesystemModelStore({ folder: (await readConfig()).artifacts.folder });
}

async function versionsCommand(): Promise<void> {
  print(formatVersions(await listVersions(await openModels())));
}

async function rollbackCommand(version: string): Promise<void> {
  print(await rollback(version, { models: await openModels(), clock: systemClock, timeoutMs: rollbackTimeoutMs }));
}

async function resumeCommand(): Promise<void> {
  print(await resume(await openModels()));
}

async function indexShowCommand(): Promise<void> {
  print(formatCurve(await (await openModels()).pointer('servable')));
}

async function indexTuneCommand(): Promise<number> {
  const config = await readConfig();
  const progress = createProgress(process.stdout);
  return untilSignal(config, async (signal) => {
    const entry = join(root, 'dist', 'apps', 'embedder', 'tune', 'main.js');
    const startApp = appStarter(config, 'tune', entry, appEnvironment('embedder', config));
    const { stopTimeoutMs } = config.processes;
    const report = await tuneIndex({ startApp, progress, stopTimeoutMs, signal }).finally(() => progress.end());
    print(formatTuning(report));
    print(`report: ${await writeReport(config.reports.folder, 'index-tune', report)}`);
    return exitCode.ok;
  });
}

interface TopicsOptions {
  readonly partitions: number;
  readonly replicas: number;
  readonly retentionDays: number;
}

const dayMs = 24 * 3_600_000;

interface IngestOptions {
  readonly items?: string;
  readonly users?: string;
  readonly checkOnly?: boolean;
}

async function ingestCommand(file: string, { items, users, checkOnly = false }: IngestOptions): Promise<number> {
  const config = await readConfig();
  const schema = await compileSchemaFile(config.schema);
  const progress = createProgress(process.stdout);
  const ingest = async (log: EventLog, signal: AbortSignal): Promise<IngestResult[]> => {
    const target = { schema, impressions: log.sink, catalogue: log.items, profiles: log.users };
    return [
      ...(items === undefined ? [] : [await ingestItems(items, target, progressOf(progress, items), signal)]),
      ...(users === undefined ? [] : [await ingestProfiles(users, target, progressOf(progress, users), signal)]),
      await ingestEvents(file, target, progressOf(progress, file), signal),
    ];
  };
  return untilSignal(config, async (signal) => {
    const checking = createProgress(process.stdout);
    const checkProgress = (name: string): OnBytes => progressOf(checking, name, 'check ');
    const report = await checkData({ events: file, items }, schema, checkProgress, signal).finally(() =>
      checking.end(),
    );
    print(formatDataReport(report));
    await writeReport(config.reports.folder, 'ingest', { file, itemsFile: items ?? null, ...report });
    if (checkOnly) return exitCode.ok;
    const results = await withLog(config, (log) => ingest(log, signal)).finally(() => progress.end());
    for (const result of results) print(formatIngest(result));
    return results.some(({ accepted, rejected }) => accepted === 0 && rejected > 0) ? exitCode.failure : exitCode.ok;
  });
}

function progressOf(progress: Progress, file: string, prefix = ''): OnBytes {
  let task: Task | undefined;
  return (done, total) => (task ??= progress.begin(prefix + basename(file), total)).update(done);
}

async function evaluateCommand(dataSet: string, { epochs }: { epochs: number }): Promise<number> {
  const config = await readConfig();
  const progress = createProgress(process.stdout);
  const fill = (folder: string, signal: AbortSignal): Promise<number> =>
    withLog({ ...config, log: { kind: 'embedded', folder } }, ({ source, sink, items }) =>
      fillLog(
        () => readMovieLens(join(root, 'data', dataSet)),
        { source, sink, catalogue: items },
        () => true,
        progress,
        signal,
      ),
    );
  return untilSignal(config, async (signal) => {
    const folder = await mkdtemp(join(tmpdir(), 'gatehouse-evaluate-'));
    try {
      await fill(folder, signal);
      const environment = {
        ...appEnvironment('trainer', config),
        GATEHOUSE_TRAINER_LOG_KIND: 'embedded',
        GATEHOUSE_TRAINER_LOG_FOLDER: folder,
      };
      const entry = join(root, 'dist', 'apps', 'trainer', 'evaluate', 'main.js');
      const startApp = appStarter(config, 'evaluate', entry, environment, [String(epochs)]);
      const result = await evaluate({ startApp, progress, stopTimeoutMs: config.processes.stopTimeoutMs, signal });
      progress.end();
      print(formatEvaluation(result));
      print(`report: ${await writeReport(config.reports.folder, 'evaluate', result)}`);
      return exitCode.ok;
    } finally {
      progress.end();
      await rm(folder, { recursive: true, force: true });
    }
  });
}

function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`expected a whole number from ${least} to ${most}, found ${JSON.stringify(text)}`);
  };
}

function versionId(text: string): string {
  try {
    return formatModelVersion(parseModelVersion(text));
  } catch (error) {
    throw new InvalidArgumentError((error as RangeError).message);
  }
}

function id(text: string): string {
  const problem = idProblem(text);
  if (problem === undefined) return text;
  throw new InvalidArgumentError(problem);
}

async function main(): Promise<number> {
  let code: number = exitCode.ok;
  const program = new Command('gatehouse').description(
    'Two-tower candidate generation: start, feed, ask and measure it.',
  );
  program
    .command('start')
    .description('run trainer, embedder and retriever on the demonstration data, and serve until Ctrl-C')
    .option('--exit', 'end once everything is learned and served')
    .option('--empty', 'begin with an empty log instead of the demonstration data, for data of your own')
    .option('--user <id>', 'whose candidates to show at the end', id)
    .action(async (options: StartOptions) => void (code = await startCommand(options)));
  program
    .command('query')
    .description('ask the running retriever for candidates')
    .requiredOption('--user <id>', 'user id', id)
    .option('--limit <count>', 'how many candidates', wholeNumber(1, 1000), 10)
    .action(queryCommand);
  program
    .command('ingest')
    .description('append the events of a file to the log: columns user, item, timestamp, action')
    .argument('<file>', 'a .csv (with a header) or .jsonl file, .gz or not')
    .option('--items <file>', 'features of items: column item, and one column for each feature; lists as a|b|c')
    .option('--users <file>', 'profiles of users: column user, and one column for each feature')
    .option('--check-only', 'say what is odd about the data, and write nothing')
    .action(async (file: string, options: IngestOptions) => void (code = await ingestCommand(file, options)));
  program
    .command('topics')
    .description('create the topics that are missing on the Kafka cluster of config/cli.yaml')
    .option('--partitions <count>', 'partitions of the impressions', wholeNumber(1, 1000), 4)
    .option('--replicas <count>', 'copies of each partition; -1: the default of the cluster', wholeNumber(-1, 100), -1)
    .option('--retention-days <count>', 'how long impressions are kept', wholeNumber(1, 10_000), 7)
    .action(topicsCommand);
  program
    .command('versions')
    .description('list the model versions, and which can serve again at once')
    .action(versionsCommand);
  program
    .command('rollback')
    .description('let a version serve again that has served lately, and keep it until `gatehouse resume`')
    .argument('<version>', 'such as 1-7', versionId)
    .action(rollbackCommand);
  program.command('resume').description('take a rollback back: the newest version serves').action(resumeCommand);
  const index = program.command('index').description('the index that serves');
  index
    .command('show')
    .description('show what the widths of search found and cost when it was built, and which was chosen')
    .action(indexShowCommand);
  index
    .command('tune')
    .description('measure every quantization and trained prefix on the vectors of the version that serves')
    .action(async () => void (code = await indexTuneCommand()));
  program
    .command('evaluate')
    .description('leave-one-out: hide the last event of each user, train on the rest, rank it over the full catalogue')
    .argument('<data set>', 'a folder below data/, such as ml-latest-small')
    .option('--epochs <count>', 'times to go through the data', wholeNumber(1, 100), 3)
    .action(
      async (dataSet: string, options: { epochs: number }) => void (code = await evaluateCommand(dataSet, options)),
    );
  await program.parseAsync();
  return code;
}

void runMain('gatehouse', main);
