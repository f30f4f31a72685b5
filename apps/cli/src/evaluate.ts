import { formatTable } from './format';
import type { Progress, Task } from './progress';
import { type AppProcess, type LogLine } from './start/app-process';

/** The evaluation ended without a report. */
export class EvaluationFailedError extends Error {
  override readonly name = 'EvaluationFailedError';
}

/** What leave-one-out came to. */
export interface EvaluationReport {
  readonly users: number;
  readonly hitRateAt10: number;
  readonly popularityHitRateAt10: number;
  readonly standardError: number;
}

/**
 * Runs the trainer's leave-one-out evaluation as a process and follows it to its report. The process is stopped when `signal` aborts.
 *
 * @throws EvaluationFailedError when it ends without a report, also because of the signal.
 */
export async function evaluate(
  startApp: (onLine: (line: LogLine) => void) => AppProcess,
  progress: Progress,
  stopTimeoutMs: number,
  signal: AbortSignal,
): Promise<EvaluationReport> {
  signal.throwIfAborted();
  let task: Task | undefined;
  let report: LogLine | undefined;
  let lastWords = '';
  const app = startApp((line) => {
    if (line.msg === 'evaluate.learned') {
      task ??= progress.begin('learn', Number(line['total']));
      task.update(Number(line['learned']));
    } else if (line.msg === 'evaluate.done') report = line;
    else if (line['level'] === 'error') lastWords = line.msg;
  });
  const stop = (): void => void app.stop(stopTimeoutMs);
  signal.addEventListener('abort', stop, { once: true });
  await app.ended;
  signal.removeEventListener('abort', stop);
  task?.end();
  if (!report) throw new EvaluationFailedError(`evaluate ended: ${lastWords || 'without a report'}`);
  const { users, hitRateAt10, popularityHitRateAt10, standardError } = report as unknown as EvaluationReport & LogLine;
  return { users, hitRateAt10, popularityHitRateAt10, standardError };
}

/** The report as a table. */
export function formatEvaluation({
  users,
  hitRateAt10,
  popularityHitRateAt10,
  standardError,
}: EvaluationReport): string {
  return formatTable(
    ['leave-one-out, full catalogue', 'HR@10', 'standard error'],
    [
      [`two towers, ${users} users`, hitRateAt10.toFixed(4), standardError.toFixed(4)],
      ['popularity, the same users', popularityHitRateAt10.toFixed(4), ''],
    ],
  );
}
