import type { LogLine } from './app-process';

/** What is known of one model version as it travels through the apps. Null: nothing was learned or scored since the one before. */
export interface VersionReport {
  readonly id: string;
  readonly events: number;
  readonly loss: number | null;
  readonly recallAt10: number | null;
  readonly popularityRecallAt10: number | null;
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

/** Follows a run through the logs of its apps, whose lines arrive in any order. */
export interface Monitor {
  onLine(line: LogLine): void;
  /** Versions of this run that serve or served, in that order. */
  readonly versions: readonly VersionReport[];
  /** The version that serves, of this run or an earlier one. */
  readonly serving: string | undefined;
  /** Sums after the first batch that reached `applied` events, or the newest ones. Undefined when this run began behind it. */
  sumsAt(applied: number): Sums | undefined;
  /** Whether all of `total` events that fill batches are learned, and their newest version serves or was refused. */
  isDone(total: number, batchSize: number): boolean;
}

/** Told what happens. */
export interface MonitorEvents {
  /** A version begins to serve. */
  onVersion(version: VersionReport): void;
  /** An app refused a version; the one before it goes on serving. */
  onRefused(id: string, reason: string): void;
  /** A batch is learned. */
  onLearned(sums: Sums, loss: number): void;
}

/** Milestones of one version. */
interface Milestones {
  published?: { readonly line: LogLine; readonly atMs: number };
  indexed?: LogLine;
  adoptedMs?: number;
  refused?: true;
}

/** Batches that are remembered, far more than a demonstration has: a system that runs for months must not remember all. */
const maxHistory = 100_000;

/** Creates a monitor. */
export function createMonitor(nowMs: () => number, events: MonitorEvents): Monitor {
  const milestones = new Map<string, Milestones>();
  const versions: VersionReport[] = [];
  const history: Sums[] = [];
  let newestSums: Sums | undefined;
  let resumedAt = 0;
  let newest: { readonly id: string; readonly events: number } | undefined;
  let serving: string | undefined;

  const milestonesOf = (id: string): Milestones => {
    const known = milestones.get(id) ?? {};
    milestones.set(id, known);
    return known;
  };
  const isReported = (id: string): boolean => versions.some((version) => version.id === id);
  const reportWhenComplete = (id: string): void => {
    const { published, indexed, adoptedMs } = milestonesOf(id);
    if (!published || !indexed || adoptedMs === undefined || isReported(id)) return;
    const report = {
      id,
      events: count(published.line, 'events'),
      loss: measure(published.line, 'loss'),
      recallAt10: measure(published.line, 'recallAt10'),
      popularityRecallAt10: measure(published.line, 'popularityRecallAt10'),
      indexSize: count(indexed, 'indexSize'),
      seconds: Math.max(0, adoptedMs - published.atMs) / 1000,
    };
    versions.push(report);
    events.onVersion(report);
  };

  const onLearned = (line: LogLine): void => {
    const sums = {
      applied: count(line, 'applied'),
      evaluated: count(line, 'evaluated'),
      hits: count(line, 'hits'),
      popularityHits: count(line, 'popularityHits'),
    };
    if (history.length < maxHistory) history.push(sums);
    newestSums = sums;
    events.onLearned(sums, count(line, 'loss'));
  };
  const onMilestone = (line: LogLine, id: string): void => {
    const version = milestonesOf(id);
    if (line.msg === 'model.published') {
      version.published = { line, atMs: nowMs() };
      newest = { id, events: count(line, 'events') };
    } else if (line.msg === 'index.servable') version.indexed = line;
    else if (line.msg === 'version.adopted') {
      version.adoptedMs ??= nowMs();
      serving = id;
    } else if (!version.refused) {
      version.refused = true;
      events.onRefused(id, String(line['reason']));
    }
    reportWhenComplete(id);
  };

  return {
    versions,
    get serving() {
      return serving;
    },
    onLine: (line) => {
      switch (line.msg) {
        case 'checkpoint.resumed':
          resumedAt = count(line, 'applied');
          return;
        case 'impressions.learned':
          onLearned(line);
          return;
        case 'model.published':
        case 'index.servable':
        case 'version.adopted':
        case 'version.refused':
          onMilestone(line, String(line['modelVersion']));
          return;
      }
    },
    sumsAt: (applied) =>
      applied < resumedAt ? undefined : (history.find((sums) => sums.applied >= applied) ?? newestSums),
    isDone: (total, batchSize) => {
      const learned = newestSums?.applied ?? resumedAt;
      if (total - learned >= batchSize) return false;
      if (!newest) return learned === resumedAt; // nothing to learn: what an earlier run left is the newest
      return newest.events === learned && (isReported(newest.id) || milestones.get(newest.id)?.refused === true);
    },
  };
}

function count(line: LogLine, field: string): number {
  return Number(line[field] ?? NaN);
}

function measure(line: LogLine, field: string): number | null {
  const value = line[field];
  return typeof value === 'number' ? value : null;
}
