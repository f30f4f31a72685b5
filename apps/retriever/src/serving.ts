import type { ServingPair } from './serving-pair';

/** No version was adopted yet, or the last one was given back because the process ends. */
export class NotServingError extends Error {
  override readonly name = 'NotServingError';
  constructor() {
    super('no model version is served yet; try again shortly');
  }
}

/** Holds the pair that answers, and every older one until its last call has ended. */
export interface Serving {
  /** The pair that the next call gets. */
  readonly current: () => ServingPair | undefined;
  /**
   * Runs a call on the current pair, which stays whole until the call has ended.
   * @throws NotServingError while there is none.
   */
  use<T>(call: (pair: ServingPair) => Promise<T>): Promise<T>;
  /** Serves another pair from the next call on. The old one is disposed after its last call. */
  replace(pair: ServingPair): void;
  /** Serves no more. Resolves when every pair is disposed. */
  close(): Promise<void>;
}

/** A pair and how many use it. */
interface Hold {
  readonly pair: ServingPair;
  readonly disposed: Promise<void>;
  acquire(): void;
  release(): void;
}

/**
 * Serves nothing until the first {@link Serving.replace}.
 *
 * @param dispose frees a pair that nobody uses any more; must not reject.
 */
export function createServing(dispose: (pair: ServingPair) => Promise<void>): Serving {
  let current: Hold | undefined;
  const holds = new Set<Hold>();

  const hold = (pair: ServingPair): Hold => {
    let references = 1; // that of being current
    let settle: (disposal: Promise<void>) => void;
    const disposed = new Promise<void>((resolve) => (settle = resolve));
    const one: Hold = {
      pair,
      disposed,
      acquire: () => {
        references++;
      },
      release: () => {
        if (--references === 0) settle(dispose(pair).finally(() => holds.delete(one)));
      },
    };
    holds.add(one);
    return one;
  };

  const exchange = (next: Hold | undefined): void => {
    const previous = current;
    current = next;
    previous?.release();
  };

  return {
    current: () => current?.pair,
    use: async (call) => {
      if (!current) throw new NotServingError();
      const mine = current;
      mine.acquire();
      try {
        return await call(mine.pair);
      } finally {
        mine.release();
      }
    },
    replace: (pair) => exchange(hold(pair)),
    close: async () => {
      exchange(undefined);
      await Promise.all([...holds].map(({ disposed }) => disposed));
    },
  };
}
