/** Steps that undo what a test has set up. */
export interface Cleanup {
  /** Adds a step. The last one added runs first. */
  add(step: () => Promise<void> | void): void;
  /**
   * Runs and forgets all steps, also when some fail.
   * @throws AggregateError with what the steps threw.
   */
  run(): Promise<void>;
}

/**
 * Creates an empty list of steps.
 *
 * @example
 * const cleanup = createCleanup();
 * afterEach(() => cleanup.run());
 */
export function createCleanup(): Cleanup {
  const steps: (() => Promise<void> | void)[] = [];
  return {
    add: (step) => void steps.push(step),
    run: async () => {
      const errors: unknown[] = [];
      for (let step = steps.pop(); step; step = steps.pop()) {
        try {
          await step();
        } catch (error) {
          errors.push(error);
        }
      }
      if (errors.length > 0) throw new AggregateError(errors, `cleanup: ${errors.map(String).join('; ')}`);
    },
  };
}
