import type { Offsets } from '@gatehouse/domain';
import type { ImpressionSource } from '@gatehouse/events';
import type { Logger, Metrics } from '@gatehouse/runtime';

/** How far the trainer is behind a partition, and how near retention is. */
export interface Lag {
  readonly topic: string;
  readonly partition: number;
  /** Events that wait. */
  readonly events: number;
  /**
   * Share of what the partition holds that the trainer has read already: below 0.5 retention may overtake it. 1 where nothing
   * waits, or retention has taken nothing yet.
   */
  readonly retentionLeft: number;
}

/** Collaborators of {@link watchLag}. */
export interface LagWatching {
  readonly source: Pick<ImpressionSource, 'earliestOffsets' | 'endOffsets'>;
  /** Next offsets that the trainer learns. */
  readonly offsets: () => Offsets;
  readonly onLag: (lags: readonly Lag[]) => void;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

const everyMs = 10_000;
const alarmBelow = 0.5;

/** Measures the lag every 10 s until `signal` aborts, and raises the alarm `retention.near` when more than half of what is held waits. */
export async function watchLag({ source, offsets, onLag, sleep, logger, signal }: LagWatching): Promise<void> {
  while (!signal.aborted) {
    await sleep(everyMs, signal).catch(() => undefined);
    if (signal.aborted) return;
    try {
      const lags = lagsOf(await source.earliestOffsets(), await source.endOffsets(), offsets());
      onLag(lags);
      for (const lag of lags) if (lag.retentionLeft < alarmBelow) logger.error('retention.near', { ...lag });
    } catch (error) {
      logger.warn('lag.unknown', { reason: error instanceof Error ? error.message : String(error) });
    }
  }
}

/** The lag in each partition. A partition that was never read is read from its first offset on. */
export function lagsOf(earliest: Offsets, ends: Offsets, next: Offsets): Lag[] {
  return Object.entries(ends).flatMap(([topic, partitions]) =>
    Object.entries(partitions).map(([number, end]) => {
      const partition = Number(number);
      const first = earliest[topic]?.[partition] ?? 0;
      const at = next[topic]?.[partition] ?? first;
      const events = Math.max(0, end - at);
      return {
        topic,
        partition,
        events,
        retentionLeft: events === 0 || first === 0 ? 1 : (at - first) / (end - first),
      };
    }),
  );
}

/** Tells lags as metrics. */
export function createLagReport(metrics: Metrics): LagWatching['onLag'] {
  const events = metrics.gauge({ name: 'lag_events', help: 'Events that wait to be learned.', labels: ['partition'] });
  const left = metrics.gauge({
    name: 'retention_left_ratio',
    help: 'Share of what a partition holds that is learned already; below 0.5 retention may overtake the trainer.',
    labels: ['partition'],
  });
  return (lags) => {
    for (const { partition, events: waiting, retentionLeft } of lags) {
      events.set(waiting, { partition: String(partition) });
      left.set(retentionLeft, { partition: String(partition) });
    }
  };
}
