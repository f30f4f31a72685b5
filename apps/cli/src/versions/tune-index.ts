import { formatTable } from '../format';
import { type Following, runToReport } from '../run-to-report';
import type { LogLine } from '../start/app-process';

/** What one way to keep and search the vectors came to. */
export interface TunedVariant {
  readonly quantization: string;
  readonly coarsePrefix: number;
  readonly effort: number;
  readonly recall: number;
  readonly ms: number;
  readonly megabytes: number;
  readonly meetsGoal: boolean;
}

/** Result of {@link tuneIndex}. */
export interface TuningReport {
  readonly version: string;
  readonly k: number;
  /** That was asked for. */
  readonly recall: number;
  readonly costs: readonly TunedVariant[];
  /** The fastest that meets the recall. */
  readonly cheapest: TunedVariant | null;
}

/** Runs the embedder's measurement as a process. @throws NoReportError. */
export async function tuneIndex(following: Following): Promise<TuningReport> {
  const lines = {
    name: 'tune',
    step: 'tune.measured',
    stepOf: (line: LogLine) => [line['done'], line['total']] as const,
    done: 'tune.done',
  };
  const report = await runToReport(lines, following);
  const { version, k, recall, costs, cheapest } = report as unknown as TuningReport;
  return { version, k, recall, costs, cheapest };
}

/** The result as a table. */
export function formatTuning({ version, k, recall, costs, cheapest }: TuningReport): string {
  const rows = costs.map((cost) => [
    cost.quantization,
    cost.coarsePrefix === 0 ? 'whole' : String(cost.coarsePrefix),
    String(cost.effort),
    cost.recall.toFixed(4),
    cost.ms.toFixed(3),
    cost.megabytes.toFixed(1),
    isSame(cost, cheapest) ? 'cheapest' : cost.meetsGoal ? '' : 'misses',
  ]);
  const head = ['quantization', 'prefix', 'effort', `recall@${k}`, 'ms', 'MB', ''];
  const advice = cheapest
    ? `set qdrant.quantization: ${cheapest.quantization} and index.coarsePrefix: ${cheapest.coarsePrefix} in config/embedder.yaml`
    : 'none meets it: train longer, or ask for less';
  return [`version ${version}, recall@${k} of at least ${recall}`, formatTable(head, rows), advice].join('\n');
}

function isSame(a: TunedVariant, b: TunedVariant | null): boolean {
  return a.quantization === b?.quantization && a.coarsePrefix === b.coarsePrefix;
}
