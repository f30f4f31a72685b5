import type { CandidateClient } from '@gatehouse/client';
import type { RetrieveResponse } from '@gatehouse/proto';

import { formatSeconds } from '../format';
import type { Progress } from '../progress';
import type { AppProcess, LogLine } from './app-process';
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
  /** Rejects when an app ends by itself; resolves once {@link stop} has ended them. */
  readonly ended: Promise<void>;
  /** Ends the apps, retriever first, and waits. */
  stop(): Promise<void>;
}

/** An app ended though nobody asked it to. */
export class AppEndedError extends Error {
  override readonly name = 'AppEndedError';
  constructor(
    readonly app: AppName,
    readonly lastWords: string,
  ) {
    super(`${app} ended: ${lastWords || 'without a word'}`);
  }
}

/** How often the first candidates are asked for while there are none. */
const askEveryMs = 50;

/** Starts trainer, embedder and retriever as processes, feeds them, and follows them until all that was fed is served. */
export async function start(options: Start): Promise<Running> {
  const { progress, elapsedMs, signal } = options;
  const phases: Phase[] = [];
  const phase = (name: string): number => phases.push({ name, seconds: elapsedMs() / 1000 });

  const events = await options.fillLog();
  phase('log filled');
  const learning = progress.begin('learn', events);
  const monitor = createMonitor(
    elapsedMs,
    (version) => progress.print(formatVersion(version)),
    ({ applied }, loss) => learning.update(applied, `loss ${loss.toFixed(3)}`),
  );
  const apps = startApps(options, monitor);
  try {
    return await Promise.race([apps.failed, follow()]);
  } catch (error) {
    await apps.stop();
    throw error;
  }

  async function follow(): Promise<Running> {
    let answer: RetrieveResponse | undefined;
    let secondsToFirstCandidates: number | null = null;
    if (events >= options.batchSize) {
      await firstCandidates(options);
      secondsToFirstCandidates = elapsedMs() / 1000;
      phase('first candidates');
      progress.print(`first candidates after ${formatSeconds(secondsToFirstCandidates)}`);
      while (!monitor.isDone(events, options.batchSize)) await options.sleep(askEveryMs, signal);
      phase('all events served');
      answer = await options.client.retrieve({ userId: options.userId, limit: 10, excludeSeen: true });
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
}

/** Starts the three apps; `failed` rejects with the first that ends unasked. */
function startApps(
  { startApp, stopTimeoutMs }: Start,
  monitor: Monitor,
): { failed: Promise<never>; stop: () => Promise<void> } {
  let stopping = false;
  const names: readonly AppName[] = ['retriever', 'embedder', 'trainer'];
  const lastWords = new Map<AppName, string>();
  const apps = names.map((name) =>
    startApp(name, (line) => {
      if (line['level'] === 'error' || line['level'] === 'fatal') lastWords.set(name, line.msg);
      monitor.onLine(line);
    }),
  );
  const failed = new Promise<never>((_, reject) => {
    apps.forEach((app, i) => {
      void app.ended.then(() => {
        if (!stopping) reject(new AppEndedError(names[i], lastWords.get(names[i]) ?? ''));
      });
    });
  });
  return {
    failed,
    stop: async () => {
      stopping = true;
      for (const app of apps) await app.stop(stopTimeoutMs);
    },
  };
}

/** Asks until the answer is not empty: the retriever answers UNAVAILABLE until it has adopted a version. */
async function firstCandidates({ client, userId, sleep, signal }: Start): Promise<void> {
  for (;;) {
    const answer = await client.retrieve({ userId, limit: 10 }).catch(() => undefined);
    if (answer && answer.candidates.length > 0) return;
    await sleep(askEveryMs, signal);
  }
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

function formatVersion({
  id,
  events,
  loss,
  recallAt10,
  popularityRecallAt10,
  indexSize,
  seconds,
}: VersionReport): string {
  return (
    `version ${id}: ${events} events, loss ${loss.toFixed(3)}, recall@10 ${recallAt10.toFixed(4)} ` +
    `(popularity ${popularityRecallAt10.toFixed(4)}), ${indexSize} items, served after ${formatSeconds(seconds)}`
  );
}
