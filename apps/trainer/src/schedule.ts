import type { Clock } from '@gatehouse/runtime';

import type { ProgressCounts } from './progress';

/** Says when to save. It looks at counts and the clock, and changes nothing about what is learned. */
export interface Schedule {
  readonly afterIdleMs: number;
  /** What is due after a batch. Whatever it names counts as done. */
  due(counts: ProgressCounts): 'version' | 'checkpoint' | undefined;
  /** What is due when no batch came for a while. */
  dueWhenIdle(counts: ProgressCounts): 'version' | undefined;
  /** Whether anything was learned since the last save. */
  hasUnsaved(counts: ProgressCounts): boolean;
}

export interface ScheduleOptions {
  /** A version after this many learned events. */
  readonly publishEveryEvents: number;
  /** A version of what is left when no batch came for this long. */
  readonly publishAfterIdleMs: number;
  readonly checkpointEveryMs: number;
}

/** Starts a schedule after the newest save and the newest version, both in learned events. */
export function createSchedule(
  options: ScheduleOptions,
  start: { readonly savedEvents: number; readonly publishedEvents: number },
  clock: Clock,
): Schedule {
  let publishedAt = start.publishedEvents;
  let savedAt = start.savedEvents;
  let savedMs = clock.monotonicMs();

  const version = ({ applied }: ProgressCounts): 'version' => {
    publishedAt = applied;
    checkpoint({ applied });
    return 'version';
  };
  const checkpoint = ({ applied }: Pick<ProgressCounts, 'applied'>): 'checkpoint' => {
    savedAt = applied;
    savedMs = clock.monotonicMs();
    return 'checkpoint';
  };

  return {
    afterIdleMs: options.publishAfterIdleMs,
    due: (counts) => {
      // At every crossing of a multiple, so that a run that resumed publishes where one that never stopped does.
      const every = options.publishEveryEvents;
      if (Math.floor(counts.applied / every) > Math.floor(publishedAt / every)) return version(counts);
      return clock.monotonicMs() - savedMs >= options.checkpointEveryMs ? checkpoint(counts) : undefined;
    },
    dueWhenIdle: (counts) => (counts.applied > publishedAt ? version(counts) : undefined),
    hasUnsaved: ({ applied }) => applied > savedAt,
  };
}
