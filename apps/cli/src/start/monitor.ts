import type { LogLine } from './app-process';

/** What is known of one model version as it travels through the apps. */
export interface VersionReport {
  readonly id: string;
  readonly events: number;
  readonly loss: number;
  readonly recallAt10: number;
  readonly popularityRecallAt10: number;
  readonly indexSize: number;
  /** From its publication to the moment it serves. */
  readonly seconds: number;
}

/** Running sums of prequential evaluation, as the trainer logs them. */
export interface Sums {
  readonly applied: number;
  readonly evaluated: number;
  readonly hits: number;
  readonly popularityHits: number;
}

/** Follows a run through the logs of its apps. */
export interface Monitor {
  onLine(line: LogLine): void;
  /** Versions that serve or served, oldest first. */
  readonly versions: readonly VersionReport[];
  /** Sums after the first batch that reached `applied` events, or the newest ones. */
  sumsAt(applied: number): Sums | undefined;
  /** Whether all events that fill batches are learned, published and served. */
  isDone(total: number, batchSize: number): boolean;
}

interface Published {
  readonly line: LogLine;
  readonly atMs: number;
  /** The line of each later milestone, in whatever order the apps' logs arrive. */
  indexed?: LogLine;
  adoptedMs?: number;
}

/** Creates a monitor. `onVersion` is called when a version begins to serve, `onLearned` after each batch. */
export function createMonitor(
  nowMs: () => number,
  onVersion: (version: VersionReport) => void,
  onLearned: (sums: Sums, loss: number) => void,
): Monitor {
  const published = new Map<string, Published>();
  const versions: VersionReport[] = [];
  const history: Sums[] = [];

  const number = (line: LogLine, field: string): number => Number(line[field] ?? NaN);

  const reportWhenServing = (id: string): void => {
    const { line, indexed, atMs, adoptedMs } = published.get(id) as Published;
    if (!indexed || adoptedMs === undefined) return;
    const report = {
      id,
      events: number(line, 'events'),
      loss: number(line, 'loss'),
      recallAt10: number(line, 'recallAt10'),
      popularityRecallAt10: number(line, 'popularityRecallAt10'),
      indexSize: number(indexed, 'indexSize'),
      seconds: (adoptedMs - atMs) / 1000,
    };
    versions.push(report);
    onVersion(report);
  };

  return {
    versions,
    onLine: (line) => {
      const id = String(line['modelVersion']);
      switch (line.msg) {
        case 'impressions.learned': {
          const sums = {
            applied: number(line, 'applied'),
            evaluated: number(line, 'evaluated'),
            hits: number(line, 'hits'),
            popularityHits: number(line, 'popularityHits'),
          };
          history.push(sums);
          onLearned(sums, number(line, 'loss'));
          return;
        }
        case 'model.published':
          published.set(id, { line, atMs: nowMs() });
          return;
        case 'index.servable':
        case 'version.adopted': {
          const version = published.get(id);
          if (!version || versions.some((known) => known.id === id)) return; // of an earlier run, or adopted again
          if (line.msg === 'index.servable') version.indexed = line;
          else version.adoptedMs = nowMs();
          reportWhenServing(id);
          return;
        }
      }
    },
    sumsAt: (applied) => history.find((sums) => sums.applied >= applied) ?? history.at(-1),
    isDone: (total, batchSize) => total - (versions.at(-1)?.events ?? 0) < batchSize,
  };
}
