import type { Clock } from '@gatehouse/runtime';

import type { RetrieverConfig } from '../config';
import { type Admission, createAdmission } from './admission';
import { type ConcurrencyLimit, createConcurrencyLimit } from './concurrency-limit';
import { createSearchEffort } from './search-effort';

/** What stands between calls and work. */
export interface OverloadControl {
  readonly admission: Admission;
  readonly limit: ConcurrencyLimit;
  /** Width of a search in a pair's index, in this moment. */
  readonly effortOf: (pair: { readonly searchEffort: number }) => number;
}

/** Calls in work at a time before anything is known of the engine, and at least: a wrong guess must not starve it. */
const initialConcurrent = 16;
const minConcurrent = 4;

/** Creates the parts that keep the retriever answering when more comes than it can do. */
export function createOverloadControl(
  { calls, searchEffort }: Pick<RetrieverConfig, 'calls' | 'searchEffort'>,
  clock: Pick<Clock, 'monotonicMs'>,
): OverloadControl {
  const { maxConcurrent, maxWaiting, targetWaitMs, minEffortShare } = calls;
  const bounds = {
    min: Math.min(minConcurrent, maxConcurrent),
    initial: Math.min(initialConcurrent, maxConcurrent),
    max: maxConcurrent,
  };
  const limit = createConcurrencyLimit(bounds, clock);
  const admission = createAdmission({ limit, maxWaiting, targetWaitMs, clock, inNextTurn: setImmediate });
  const effort = createSearchEffort(admission, { searchEffort, minEffortShare }, clock);
  return { admission, limit, effortOf: (pair) => effort.of(pair.searchEffort) };
}
