import type { CandidateClient } from '@gatehouse/client';
import type { RetrieveResponse } from '@gatehouse/proto';
import { type ServiceError, status } from '@grpc/grpc-js';

import { formatSeconds } from '../format';
import type { Progress } from '../progress';
import type { AppEnd, AppProcess, LogLine } from './app-process';
import { createMonitor, type Monitor, type Sums, type VersionReport } from './monitor';
import type { Phase, StartReport } from './start-report';

export type AppName = 'trainer' | 'embedder' | 'retriever';

/** Collaborators and settings of {@link start}. */
export interface Start {
  /** Starts an app; its log goes to `onLine` too. */
  readonly startApp: (name: AppName, onLine: (line: LogLine) => void) => AppProcess;
  readonly stopTimeoutMs: number;
  /** Brings data into an empty catalogue and log, and says how many positives the log holds. */
  readonly fillLog: () => Promise<number>;
  readonly client: CandidateClient;
  readonly userId: string;
  readonly batchSize: number;
  readonly progress: Progress;
  /** Milliseconds since the packages were installed, or since the command began when they already were. */
  readonly elapsedMs: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Aborts when the user wants to end. */
  readonly signal: AbortSignal;
}

/** A running system. */
export interface Running {
  readonly report: StartReport;
  /** The last answer for the user of the demonstration; undefined when the log holds too little to learn from. */
  readonly answer: RetrieveResponse | undefined;
  /** Rejects when an app ends by itself; never resolves. */
  readonly ended: Promise<never>;
  /** Ends the apps, retriever first, and waits. */
  stop(): Promise<void>;
}

/** An app ended though nobody asked it to. */
export class AppEndedError extends Error {
  override readonly name = 'AppEndedError';
  constructor(
    readonly app: AppName,
    readonly logFile: string,
    { code, signal }: AppEnd,
    lastWords: string,
  ) {
    super(`${app} ended by ${signal ?? `code ${code}`}: ${lastWords || 'without a word'}; its log is ${logFile}`);
  }
}

/** Time between looks at what is waited for. */
const pollMs = 50;
/** Failures of a call that pass: the retriever is not ready, or busy. */
const passing: readonly unknown[] = [status.UNAVAILABLE, status.DEADLINE_EXCEEDED, status.RESOURCE_EXHAUSTED];

/**
 * Starts trainer, embedder and retriever as processes, feeds them, and follows them until all that was fed is served.
 *
 * @throws AppEndedError; the signal's reason when it aborts; whatever `fillLog` and the client throw. The apps are stopped then.
 */
export async function start(options: Start): Promise<Running> {
  const { batchSize, progress, elapsedMs } = options;
  const phases: Phase[] = [];
  const phase = (name: string): number => phases.push({ name, seconds: elapsedMs() / 1000 });

  const events = await options.fillLog();
  options.signal.throwIfAborted();
  phase('log filled');
  const learning = progress.begin('learn', events);
  const monitor = createMonitor(elapsedMs, {
    onVersion: (version) => progress.print(formatVersion(version)),
    onRefused: (id, reason) => progress.print(`version ${id} refused: ${reason}`),
    onLearned: ({ applied }, loss) => learning.update(applied, `loss ${loss.toFixed(3)}`),
  });
  const apps = startApps(options, monitor);
  const failing = new AbortController();
  const signal = AbortSignal.any([options.signal, failing.signal]);
  try {
    return await Promise.race([apps.failed, follow()]);
  } catch (error) {
    failing.abort();
    await apps.stop();
    throw error;
  }

  async function follow(): Promise<Running> {
    let answer: RetrieveResponse | undefined;
    let secondsToFirstCandidates: number | null = null;
    if (events >= batchSize) {
      // Only a version that our own retriever adopted counts: another one may listen on the port, and ours be about to say so.
      await until(() => monitor.serving !== undefined);
      await firstCandidates();
      secondsToFirstCandidates = elapsedMs() / 1000;
      phase('first candidates');
      progress.print(`first candidates after ${formatSeconds(secondsToFirstCandidates)}`);
      await until(() => monitor.isDone(events, batchSize));
      phase('all events served');
      answer = await ask(true);
    }
    learning.end();
    const report = {
      events,
      secondsToFirstCandidates,
      ...recalls(monitor, events),
      versions: monitor.versions,
      phases,
    };
    return { report, answer, ended: apps.failed, stop: apps.stop };
  }

  async function until(condition: () => boolean): Promise<void> {
    while (!condition()) await options.sleep(pollMs, signal);
  }

  async function firstCandidates(): Promise<void> {
    while ((await ask(false)).candidates.length === 0) await options.sleep(pollMs, signal);
  }

  /** Asks until there is an answer: on a busy machine one may take longer than a client waits. */
  async function ask(excludeSeen: boolean): Promise<RetrieveResponse> {
    for (;;) {
      try {
        return await options.client.retrieve({ userId: options.userId, limit: 10, excludeSeen }, { signal });
      } catch (error) {
        if (!passing.includes((error as Partial<ServiceError>).code)) throw error;
      }
      await options.sleep(pollMs, signal);
    }
  }
}

/** Starts the three apps; `failed` rejects with the first that ends unasked. */
function startApps(
  { startApp, stopTimeoutMs }: Start,
  monitor: Monitor,
): { failed: Promise<never>; stop: () => Promise<void> } {
  let stopping = false;
  const names: readonly AppName[] = ['retriever', 'embedder', 'trainer'];
  const lastWords = new Map<AppName, string>();
  const apps = names.map((name) => ({
    name,
    app: startApp(name, (line) => {
      if (line['level'] === 'error' || line['level'] === 'fatal') lastWords.set(name, withoutName(line.msg, name));
      monitor.onLine(line);
    }),
  }));
  const failed = new Promise<never>((_, reject) => {
    for (const { name, app } of apps) {
      void app.ended.then((end) => {
        if (!stopping) reject(new AppEndedError(name, app.logFile, end, lastWords.get(name) ?? ''));
      });
    }
  });
  return {
    failed,
    stop: async () => {
      stopping = true;
      for (const { app } of apps) await app.stop(stopTimeoutMs);
    },
  };
}

/** The line that an app prints when it fails begins with its name. */
function withoutName(message: string, name: string): string {
  return message.startsWith(`${name}: `) ? message.slice(name.length + 2) : message;
}

/** Prequential recall over the second half of the stream. */
function recalls(monitor: Monitor, events: number): Pick<StartReport, 'recallAt10' | 'popularityRecallAt10'> {
  const half = monitor.sumsAt(events / 2);
  const end = monitor.sumsAt(Infinity);
  const evaluated = half && end ? end.evaluated - half.evaluated : 0;
  const share = (field: keyof Sums): number | null =>
    half && end && evaluated > 0 ? (end[field] - half[field]) / evaluated : null;
  return { recallAt10: share('hits'), popularityRecallAt10: share('popularityHits') };
}

function formatVersion(version: VersionReport): string {
  const { id, events, loss, recallAt10, popularityRecallAt10, indexSize, seconds } = version;
  const figure = (value: number | null, digits: number): string => value?.toFixed(digits) ?? '-';
  return (
    `version ${id}: ${events} events, loss ${figure(loss, 3)}, recall@10 ${figure(recallAt10, 4)} ` +
    `(popularity ${figure(popularityRecallAt10, 4)}), ${indexSize} items, served after ${formatSeconds(seconds)}`
  );
}
