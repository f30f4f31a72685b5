import { constants } from 'node:os';

import { exitCode } from './exit-code';
import type { Logger } from './logger';

/** Signals that ask an app to stop. */
export type StopSignal = 'SIGTERM' | 'SIGINT';

/** The part of `process` that a shutdown needs. */
export interface SignalSource {
  on(signal: StopSignal, listener: () => void): unknown;
  exit(code: number): void;
}

/** What {@link createShutdown} needs. */
export interface ShutdownOptions {
  /** `process`. */
  readonly signals: SignalSource;
  readonly logger: Logger;
  /** Deadline of each step. */
  readonly timeoutMs: number;
}

/** An orderly end of the process. */
export interface Shutdown {
  /** Aborts when stopping begins. */
  readonly signal: AbortSignal;
  /** Adds a step. The last one added runs first, so that what was opened first is closed last. Its promise is awaited.
   * A step that comes after the last one has run is run at once: an app that is stopped during its start still opens things. */
  onStop(name: string, step: () => unknown): void;
  /** Begins to stop, if that has not happened yet. Resolves to the exit code after the last step. */
  stop(): Promise<number>;
  /** Resolves to the exit code when a signal or `stop` has ended everything. */
  readonly stopped: Promise<number>;
  /**
   * Runs the work of an app to its orderly end. An error of the work rejects, unless stopping has begun: then what it works on is being
   * closed under its hands, and only the steps count.
   */
  run(work: () => Promise<unknown>): Promise<number>;
}

/**
 * Listens for SIGTERM and SIGINT. The first one aborts `signal` and runs the steps, one after the other, each with its deadline.
 * A step that fails or takes too long is logged, the rest still runs, and the exit code is 1. A second signal exits at once.
 * When something still holds the process `timeoutMs` after the last step, it exits all the same.
 *
 * @example
 * const shutdown = createShutdown({ signals: process, logger, timeoutMs: 5_000 });
 * shutdown.onStop('store', () => store.close());
 * const training = train({ signal: shutdown.signal });
 * shutdown.onStop('train', () => training); // first, so that the store closes after it
 * return shutdown.run(() => training);
 */
export function createShutdown({ signals, logger, timeoutMs }: ShutdownOptions): Shutdown {
  const controller = new AbortController();
  const steps: { readonly name: string; readonly step: () => unknown }[] = [];
  let stopping = false;
  let ended = false;
  let resolveStopped: (code: number) => void;
  const stopped = new Promise<number>((resolve) => (resolveStopped = resolve));

  const runStep = async (name: string, step: () => unknown): Promise<boolean> => {
    try {
      await withDeadline(name, step, timeoutMs);
      return true;
    } catch (error) {
      logger.error('shutdown.step-failed', { step: name, error });
      return false;
    }
  };
  const runSteps = async (): Promise<number> => {
    let code: number = exitCode.ok;
    for (let next = steps.pop(); next; next = steps.pop()) {
      if (!(await runStep(next.name, next.step))) code = exitCode.failure;
    }
    ended = true;
    logger.info('shutdown.done', { code });
    return code;
  };
  const onStop = (name: string, step: () => unknown): void => {
    if (ended) void runStep(name, step);
    else steps.push({ name, step });
  };
  const stop = (): Promise<number> => {
    if (stopping) return stopped;
    stopping = true;
    controller.abort();
    void runSteps().then((code) => {
      setTimeout(() => signals.exit(code), timeoutMs).unref();
      resolveStopped(code);
    });
    return stopped;
  };

  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    signals.on(name, () => {
      logger.info('shutdown.signal', { signal: name });
      if (stopping) signals.exit(128 + constants.signals[name]);
      else void stop();
    });
  }
  const run = async (work: () => Promise<unknown>): Promise<number> => {
    const failed = work().then(
      () => stopped,
      (error: unknown) => {
        if (!stopping) throw error;
        logger.debug('shutdown.work-cut-off', { error });
        return stopped;
      },
    );
    return Promise.race([stopped, failed]);
  };
  return { run, signal: controller.signal, onStop, stop, stopped };
}

/** A step of the shutdown did not end in time. */
export class StopTimeoutError extends Error {
  override readonly name = 'StopTimeoutError';

  constructor(
    readonly step: string,
    readonly timeoutMs: number,
  ) {
    super(`${step}: expected to stop within ${timeoutMs} ms`);
  }
}

async function withDeadline(name: string, step: () => unknown, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new StopTimeoutError(name, timeoutMs)), timeoutMs);
  });
  try {
    await Promise.race([step(), deadline]);
  } finally {
    clearTimeout(timer);
  }
}
