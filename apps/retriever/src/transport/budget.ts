import type { Clock } from '@gatehouse/runtime';

/** An allowance that grows with time, up to a bound: a token bucket. */
export interface Budget {
  /** Takes from it. False: there was less than that, and it is empty now. */
  spend(amount: number): boolean;
  /** Adds to it, beside what time adds. */
  earn(amount: number): void;
}

/** Sizes of a {@link Budget}. */
export interface BudgetSizes {
  readonly perSecond: number;
  /** What there is at first, and what time alone fills it up to. */
  readonly burst: number;
  /** What {@link Budget.earn} fills it up to. @default burst */
  readonly most?: number;
}

/**
 * Creates a full budget.
 *
 * @example
 * const pings = createBudget({ perSecond: 10, burst: 100 }, clock);
 * if (!pings.spend(1)) close();
 */
export function createBudget({ perSecond, burst, most = burst }: BudgetSizes, clock: Clock): Budget {
  let level = burst;
  let atMs = clock.monotonicMs();
  const grow = (): void => {
    const nowMs = clock.monotonicMs();
    if (level < burst) level = Math.min(burst, level + ((nowMs - atMs) / 1000) * perSecond);
    atMs = nowMs;
  };
  return {
    spend: (amount) => {
      grow();
      const enough = amount <= level;
      level = enough ? level - amount : 0;
      return enough;
    },
    earn: (amount) => {
      grow();
      level = Math.min(Math.max(most, level), level + amount);
    },
  };
}
