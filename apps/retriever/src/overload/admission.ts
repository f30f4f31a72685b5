import type { Clock } from '@gatehouse/runtime';

import { OverloadedError } from '../call-errors';
import type { ConcurrencyLimit } from './concurrency-limit';

/** Lets calls into work, some at a time, and turns away what would only wait. */
export interface Admission {
  readonly waiting: number;
  readonly running: number;
  /** Whether more came lately than was worked off. */
  readonly isOverloaded: boolean;
  /**
   * Resolves when the call may begin, in the order in which they came and one in a turn of the event loop.
   *
   * @returns what to call when its work has ended, with the number of queries in it; 0 when its time says nothing about the engine.
   * @throws OverloadedError at once when too many wait already, or later when it has waited too long; the signal's reason when it
   * aborts meanwhile: such a call never begins.
   */
  enter(signal: AbortSignal): Promise<(queries: number) => void>;
}

/** Collaborators of {@link createAdmission}. */
export interface AdmissionParts {
  readonly limit: ConcurrencyLimit;
  /** Calls that may wait while there is no overload. */
  readonly maxWaiting: number;
  /** How long calls may wait for good; more for work that takes long. */
  readonly targetWaitMs: number;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** Runs something in a later turn of the event loop. */
  readonly inNextTurn: (run: () => void) => void;
}

/** When every call of this long, and this many in a row, had to wait too long, it is no burst (Nichols and Jacobson 2012, CoDel). */
const burstMs = 100;
const lateInRow = 8; // one pause of the process makes few late
/** How long an overload is believed in after its last sign. */
const calmMs = 1_000;
/** A call may wait for this share of the time that its work takes, where that is more than the target. */
const waitShare = 0.25;

interface Waiter {
  readonly sinceMs: number;
  begin(): void;
  turnAway(): void;
}

/**
 * Creates the gate in front of the work.
 *
 * A burst may wait. When for 100 ms everybody waited longer than the target, it is an overload: from then on only as many may wait as
 * are worked off in that time, and the others are turned away as they come, which costs almost nothing; so those who are let in are
 * answered in time. It is over one second after nobody had to be turned away, or when nobody has come for 100 ms.
 */
export function createAdmission({ limit, maxWaiting, targetWaitMs, clock, inNextTurn }: AdmissionParts): Admission {
  const queue = new Set<Waiter>();
  let running = 0;
  let promptMs = clock.monotonicMs(); // when a call had not waited too long, last
  let late = 0; // calls since then
  let idleMs: number | undefined = promptMs; // since when nobody waits and there is room
  let overloadedUntilMs = -Infinity;
  let isPumping = false;

  const targetMs = (): number => Math.max(targetWaitMs, waitShare * (limit.unloadedMs ?? 0));
  const isOverloaded = (): boolean => clock.monotonicMs() < overloadedUntilMs;
  const room = (): number => {
    if (!isOverloaded() || limit.perSecond === undefined) return maxWaiting;
    const workedOff = Math.floor((limit.perSecond * targetMs()) / 1000);
    return Math.min(maxWaiting, Math.max(1, limit.current - running, workedOff));
  };
  const overloaded = (): void => {
    overloadedUntilMs = clock.monotonicMs() + calmMs;
  };

  const pump = (): void => {
    isPumping = false;
    const nowMs = clock.monotonicMs();
    const isLate = ({ sinceMs }: Waiter): boolean => nowMs - sinceMs >= targetMs();
    const [oldest] = queue;
    if (!oldest || !isLate(oldest)) [promptMs, late] = [nowMs, 0];
    else late++;
    if (late >= lateInRow && nowMs - promptMs >= burstMs) {
      overloaded();
      for (const waiter of queue) {
        if (queue.size <= room() || !isLate(waiter)) break;
        waiter.turnAway();
      }
    }
    const [first] = queue;
    if (first && running < limit.current) first.begin();
    rest();
    pumpSoon();
  };
  const rest = (): void => {
    if (queue.size === 0 && running < limit.current) idleMs ??= clock.monotonicMs();
  };
  const pumpSoon = (): void => {
    if (isPumping || queue.size === 0 || running >= limit.current) return;
    isPumping = true;
    inNextTurn(pump);
  };

  return {
    get waiting() {
      return queue.size;
    },
    get running() {
      return running;
    },
    get isOverloaded() {
      return isOverloaded();
    },
    enter: (signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) {
          reject(signal.reason as Error);
          return;
        }
        if (idleMs !== undefined && clock.monotonicMs() - idleMs >= burstMs) overloadedUntilMs = -Infinity;
        idleMs = undefined;
        if (queue.size >= room()) {
          overloaded();
          reject(new OverloadedError());
          return;
        }
        const leave = (): void => {
          queue.delete(waiter);
          signal.removeEventListener('abort', abort);
        };
        const waiter: Waiter = {
          sinceMs: clock.monotonicMs(),
          begin: () => {
            leave();
            running++;
            const beganMs = clock.monotonicMs();
            resolve((queries) => {
              if (queries > 0) limit.ended((clock.monotonicMs() - beganMs) / queries, running);
              running--;
              rest();
              pumpSoon();
            });
          },
          turnAway: () => {
            leave();
            reject(new OverloadedError());
          },
        };
        const abort = (): void => {
          leave();
          reject(signal.reason as Error);
          pumpSoon();
        };
        signal.addEventListener('abort', abort);
        if (queue.size === 0) [promptMs, late] = [waiter.sinceMs, 0];
        queue.add(waiter);
        pumpSoon();
      }),
  };
}
