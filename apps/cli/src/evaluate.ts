import { formatTable } from './format';
import { type Following, runToReport } from './run-to-report';
import type { LogLine } from './start/app-process';

/** What leave-one-out came to. */
export interface EvaluationReport {
  readonly users: number;
  readonly hitRateAt10: number;
  readonly popularityHitRateAt10: number;
  readonly standardError: number;
}

/** Runs the trainer's leave-one-out evaluation as a process. @throws NoReportError. */
export async function evaluate(following: Following): Promise<EvaluationReport> {
  const lines = {
    name: 'evaluate',
    step: 'evaluate.learned',
    stepOf: (line: LogLine) => [line['learned'], line['total']] as const,
    done: 'evaluate.done',
  };
  const report = await runToReport(lines, following);
  const { users, hitRateAt10, popularityHitRateAt10, standardError } = report as unknown as EvaluationReport;
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
