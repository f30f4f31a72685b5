import type { Progress, Task } from './progress';
import type { AppProcess, LogLine } from './start/app-process';

/** A process ended without the report that it was started for. */
export class NoReportError extends Error {
  override readonly name = 'NoReportError';
}

/** Lines of a process that works towards one report. */
export interface ReportLines {
  /** Name of the work, for people. */
  readonly name: string;
  /** Message of the lines that tell how far it is. */
  readonly step: string;
  /** How far, and of how much, as such a line says it. */
  readonly stepOf: (line: LogLine) => readonly [done: unknown, total: unknown];
  /** Message of the line that is the report. */
  readonly done: string;
}

/** How a process is followed. */
export interface Following {
  readonly startApp: (onLine: (line: LogLine) => void) => AppProcess;
  readonly progress: Progress;
  readonly stopTimeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * Runs a process and follows it to its report. It is stopped when `signal` aborts.
 *
 * @throws NoReportError with its last words when it ends without a report, also because of the signal.
 */
export async function runToReport(
  { name, step, stepOf, done }: ReportLines,
  { startApp, progress, stopTimeoutMs, signal }: Following,
): Promise<LogLine> {
  signal.throwIfAborted();
  let task: Task | undefined;
  let report: LogLine | undefined;
  let lastWords = '';
  const app = startApp((line) => {
    if (line.msg === step) {
      const [at, total] = stepOf(line).map(Number);
      (task ??= progress.begin(name, total)).update(at);
    } else if (line.msg === done) report = line;
    else if (line['level'] === 'error') lastWords = line.msg;
  });
  const stop = (): void => void app.stop(stopTimeoutMs);
  signal.addEventListener('abort', stop, { once: true });
  await app.ended;
  signal.removeEventListener('abort', stop);
  task?.end();
  if (!report) throw new NoReportError(`${name} ended: ${lastWords || 'without a report'}`);
  return report;
}
