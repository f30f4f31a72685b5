import type { Clock } from '@gatehouse/runtime';

import type { Admission } from './admission';

/** Chooses the width of approximate searches. */
export interface SearchEffort {
  /** @param chosen width that the builder of the index chose; 0: the index's own. */
  of(chosen: number): number;
}

/** Settings of {@link createSearchEffort}. */
export interface SearchEffortSettings {
  /** Width without pressure; 0: what the builder of the index chose. */
  readonly searchEffort: number;
  /** Least share of it that is left under pressure; 1: never narrower. */
  readonly minEffortShare: number;
}

/** Half the width each time: about half the work of a search. */
const step = 0.5;
const stepDownMs = 250;
const stepUpMs = 1_000;

/**
 * Narrows searches while more calls come than are worked off, by half every quarter of a second down to the least share, and widens them
 * again by one step a second once that is over: less found for some time, and more who are answered.
 */
export function createSearchEffort(
  admission: Pick<Admission, 'isOverloaded'>,
  { searchEffort, minEffortShare }: SearchEffortSettings,
  clock: Pick<Clock, 'monotonicMs'>,
): SearchEffort {
  let share = 1;
  let changedMs = -Infinity;
  return {
    of: (chosen) => {
      const nowMs = clock.monotonicMs();
      const { isOverloaded } = admission;
      if (nowMs - changedMs >= (isOverloaded ? stepDownMs : stepUpMs)) {
        share = isOverloaded ? Math.max(minEffortShare, share * step) : Math.min(1, share / step);
        changedMs = nowMs;
      }
      return Math.ceil((searchEffort || chosen) * share);
    },
  };
}
