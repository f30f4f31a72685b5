import type { Metrics } from '@gatehouse/runtime';

import type { Admission } from './overload/admission';
import type { ConcurrencyLimit } from './overload/concurrency-limit';
import type { ServingPair } from './serving-pair';
import type { ClosedFor } from './transport/start-transport';

/** Parts of a call's time: waiting for its turn, the query tower, all its sources, joining what they found. */
export type Stage = 'queue' | 'embed' | 'sources' | 'merge';

/** Told what the retriever does, by those who do it. */
export interface Telemetry {
  /** A call was answered, with the name of its status. */
  answered(method: string, status: string, ms: number): void;
  spent(stage: Stage, ms: number): void;
  /** A source that was asked gave nothing, so the answer is degraded. */
  sourceFailed(source: string): void;
  closed(why: ClosedFor): void;
}

/** What can be read at any moment. */
export interface TelemetrySources {
  readonly admission: Pick<Admission, 'waiting' | 'running' | 'isOverloaded'>;
  readonly limit: Pick<ConcurrencyLimit, 'current'>;
  readonly pair: () => ServingPair | undefined;
  readonly connections: () => number;
  readonly nowMs: () => number;
}

/** Seconds: from what a lookup in memory takes to the longest default deadline. */
const buckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

/** Creates the metrics of a retriever; the names are those of docs/serving.md. */
export function createTelemetry(metrics: Metrics): Telemetry & { observe(sources: TelemetrySources): void } {
  const calls = metrics.histogram({
    name: 'call_seconds',
    help: 'Time from the arrival of a call to its answer.',
    labels: ['method', 'status'],
    buckets,
  });
  const stages = metrics.histogram({
    name: 'stage_seconds',
    help: 'Time that a call spent in one stage.',
    labels: ['stage'],
    buckets,
  });
  const failures = metrics.counter({
    name: 'source_failures_total',
    help: 'Sources that failed or ran out of time, each in an answer that says degraded.',
    labels: ['source'],
  });
  const closed = metrics.counter({
    name: 'connections_closed_total',
    help: 'Connections that were refused, or closed because of what their peer did.',
    labels: ['reason'],
  });
  return {
    answered: (method, status, ms) => calls.observe(ms / 1000, { method, status }),
    spent: (stage, ms) => stages.observe(ms / 1000, { stage }),
    sourceFailed: (source) => failures.add(1, { source }),
    closed: (reason) => closed.add(1, { reason }),
    observe: ({ admission, limit, pair, connections, nowMs }) => {
      const ageOf = (timeMs: number | undefined): number => (timeMs ? Math.max(0, nowMs() - timeMs) / 1000 : NaN);
      const read: readonly (readonly [name: string, help: string, value: () => number])[] = [
        ['calls_waiting', 'Calls that wait for their turn.', () => admission.waiting],
        ['calls_running', 'Calls in work.', () => admission.running],
        ['calls_running_limit', 'Calls that may be in work at a time, as found out.', () => limit.current],
        ['overloaded', '1 while more calls come than are worked off.', () => Number(admission.isOverloaded)],
        ['connections_open', 'Connections of clients.', connections],
        [
          'model_age_seconds',
          'Age of the newest event that the model learned from.',
          () => ageOf(pair()?.modelEventTimeMs),
        ],
        [
          'index_age_seconds',
          'Age of the catalogue that the index was built from.',
          () => ageOf(pair()?.catalogueTimeMs),
        ],
      ];
      for (const [name, help, value] of read) metrics.gauge({ name, help, read: () => [[value(), {}]] });
      metrics.gauge({
        name: 'version_info',
        help: '1 for the model version and the index that answer.',
        labels: ['model_version', 'index_version'],
        read: () => {
          const current = pair();
          return current ? [[1, { model_version: current.version, index_version: current.index.indexId }]] : [];
        },
      });
    },
  };
}
