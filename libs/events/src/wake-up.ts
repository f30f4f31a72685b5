/** Wakes those who wait in the same process. */
export interface WakeUp {
  /** Resolves at the next call of `all`, or when `signal` aborts. */
  next(signal: AbortSignal): Promise<void>;
  readonly all: () => void;
}

/** Creates a wake-up that nobody waits for yet. */
export function createWakeUp(): WakeUp {
  let waiting = new Set<() => void>();
  return {
    next: (signal) =>
      new Promise((resolve) => {
        const wake = (): void => {
          signal.removeEventListener('abort', wake);
          waiting.delete(wake);
          resolve();
        };
        signal.addEventListener('abort', wake);
        waiting.add(wake);
      }),
    all() {
      const woken = waiting;
      waiting = new Set();
      for (const wake of woken) wake();
    },
  };
}
