import { createRandom } from '@gatehouse/domain';
import { createManualClock } from '@gatehouse/runtime';

import { createAdmission } from './admission';
import { type ConcurrencyBounds, createConcurrencyLimit } from './concurrency-limit';

/** A stretch of simulated time. */
export interface Phase {
  readonly seconds: number;
  /** Calls that come a second, by a Poisson process. */
  readonly ratePerSecond: number;
  /** Mean time that the engine needs for a call; a tenth more or less. */
  readonly engineMs: number;
  /** How the times of single calls differ. @default within a tenth */
  readonly spread?: 'exponential' | 'few-long';
}

/** What became of one call. Times in milliseconds. */
export interface Outcome {
  readonly cameMs: number;
  readonly tookMs: number;
  readonly isAnswered: boolean;
}

/** What one phase gave. */
export interface PhaseOutcome {
  readonly outcomes: readonly Outcome[];
  readonly limit: number;
}

/** Calls against an engine that works on some at a time, first come, first served; all time is simulated, so the outcome is exact. */
export async function simulateOverload(
  seed: number,
  phases: readonly Phase[],
  { bounds, engineAtOnce }: { readonly bounds: ConcurrencyBounds; readonly engineAtOnce: number },
): Promise<PhaseOutcome[]> {
  const clock = createManualClock();
  const random = createRandom('overload', seed);
  const events: { readonly atMs: number; readonly run: () => void }[] = []; // soonest last
  const at = (atMs: number, run: () => void): void => {
    let place = events.length;
    while (place > 0 && events[place - 1].atMs <= atMs) place--;
    events.splice(place, 0, { atMs, run });
  };
  const limit = createConcurrencyLimit(bounds, clock);
  const inNextTurn = (run: () => void): void => at(clock.monotonicMs(), run);
  const admission = createAdmission({ limit, maxWaiting: 512, targetWaitMs: 25, clock, inNextTurn });

  const engineQueue: (() => void)[] = [];
  let [busy, engineMs] = [0, 0];
  let spread: Phase['spread'];
  const workMs = (): number => {
    if (spread === 'exponential') return -Math.log(1 - random.next()) * engineMs;
    if (spread === 'few-long') return random.next() < 0.02 ? 50 * engineMs : engineMs;
    return engineMs * (0.9 + 0.2 * random.next());
  };
  const engineNext = (): void => {
    if (busy >= engineAtOnce || engineQueue.length === 0) return;
    const done = engineQueue.shift()!;
    busy++;
    at(clock.monotonicMs() + workMs(), () => {
      busy--;
      done();
      engineNext();
    });
  };
  const call = async (outcomes: Outcome[]): Promise<void> => {
    const cameMs = clock.monotonicMs();
    const settle = (isAnswered: boolean): void =>
      void outcomes.push({ cameMs, tookMs: clock.monotonicMs() - cameMs, isAnswered });
    let leave: (queries: number) => void;
    try {
      leave = await admission.enter(new AbortController().signal);
    } catch {
      settle(false);
      return;
    }
    await new Promise<void>((done) => {
      engineQueue.push(done);
      engineNext();
    });
    leave(1);
    settle(true);
  };

  const results: PhaseOutcome[] = [];
  for (const phase of phases) {
    ({ engineMs, spread } = phase);
    const outcomes: Outcome[] = [];
    const endMs = clock.monotonicMs() + phase.seconds * 1000;
    const come = (): void => {
      void call(outcomes);
      const nextMs = clock.monotonicMs() - (Math.log(1 - random.next()) * 1000) / phase.ratePerSecond;
      if (nextMs < endMs) at(nextMs, come);
    };
    at(clock.monotonicMs(), come);
    for (;;) {
      const next = events.at(-1);
      if (!next || next.atMs > endMs) break;
      events.pop();
      clock.advance(next.atMs - clock.monotonicMs());
      next.run();
      await new Promise(setImmediate); // promises settle
    }
    results.push({ outcomes, limit: limit.current });
    clock.advance(endMs - clock.monotonicMs());
  }
  return results;
}

/** Answers a second among those that came in a span of a phase's seconds. */
export function answeredPerSecond({ outcomes }: PhaseOutcome, fromSecond: number, seconds: number): number {
  const fromMs = (outcomes[0]?.cameMs ?? 0) + fromSecond * 1000;
  const ended = outcomes.filter(({ isAnswered, cameMs, tookMs }) => {
    const endedMs = cameMs + tookMs;
    return isAnswered && endedMs >= fromMs && endedMs < fromMs + seconds * 1000;
  });
  return ended.length / seconds;
}

/** Quantile of the times of what was answered, or turned away, from a second on. */
export function tookMs({ outcomes }: PhaseOutcome, isAnswered: boolean, share: number, fromSecond = 0): number {
  const fromMs = (outcomes[0]?.cameMs ?? 0) + fromSecond * 1000;
  const times = outcomes
    .filter((one) => one.isAnswered === isAnswered && one.cameMs >= fromMs)
    .map((one) => one.tookMs);
  times.sort((a, b) => a - b);
  return times[Math.ceil(share * times.length) - 1] ?? 0;
}
