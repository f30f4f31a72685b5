import { idle, withIdle } from './with-idle';

/** A stream that the test feeds by hand. */
function createFeed() {
  const waiting: ((result: IteratorResult<number>) => void)[] = [];
  const values: AsyncIterable<number> = {
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise((resolve) => waiting.push(resolve)),
      return: async () => ({ done: true, value: undefined }),
    }),
  };
  return { values, give: (value: number) => waiting.shift()?.({ done: false, value }) };
}

/** A sleep that ends when the test says so, and counts those that still run. */
function createSleep() {
  const running = new Set<() => void>();
  const sleep = (_ms: number, signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      const wake = (): void => {
        running.delete(wake);
        resolve();
      };
      running.add(wake);
      signal.addEventListener('abort', () => {
        running.delete(wake);
        reject(new Error('aborted'));
      });
    });
  return { sleep, running, wakeAll: () => [...running].forEach((wake) => wake()) };
}

async function* from(...values: number[]): AsyncGenerator<number> {
  yield* values;
}

/** Waits for its next value until somebody wakes it, as a log does at its end. */
async function* waitsForever(values: readonly number[], onEnd: () => void): AsyncGenerator<number> {
  try {
    yield* values;
    await new Promise(() => undefined);
  } finally {
    onEnd();
  }
}

async function collect<T>(values: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = [];
  for await (const value of values) collected.push(value);
  return collected;
}

describe('withIdle', () => {
  it('passes values on, ends with the stream and leaves no timer running', async () => {
    const { sleep, running } = createSleep();
    await expect(collect(withIdle(from(1, 2, 3), 10, sleep))).resolves.toEqual([1, 2, 3]);
    expect(running.size).toBe(0);
  });

  it('says idle once, however long nothing comes, and again after the next value', async () => {
    const feed = createFeed();
    const { sleep, running, wakeAll } = createSleep();
    const stream = withIdle(feed.values, 10, sleep);

    const first = stream.next();
    wakeAll();
    await expect(first).resolves.toEqual({ done: false, value: idle });

    const second = stream.next();
    expect(running.size).toBe(0); // no further sleep before a value
    feed.give(1);
    await expect(second).resolves.toEqual({ done: false, value: 1 });

    const third = stream.next();
    wakeAll();
    await expect(third).resolves.toEqual({ done: false, value: idle });
  });

  it('does not say idle when the value comes first', async () => {
    const feed = createFeed();
    const { sleep, running } = createSleep();
    const stream = withIdle(feed.values, 10, sleep);
    const first = stream.next();
    expect(running.size).toBe(1);
    feed.give(7);
    await expect(first).resolves.toEqual({ done: false, value: 7 });
    expect(running.size).toBe(0);
  });

  it('fails with the stream and leaves no timer running', async () => {
    const { sleep, running } = createSleep();
    async function* fails(): AsyncGenerator<number> {
      yield 1;
      throw new Error('the log is gone');
    }
    await expect(collect(withIdle(fails(), 10, sleep))).rejects.toThrow('the log is gone');
    expect(running.size).toBe(0);
  });

  it('ends the stream when its reader leaves at a value', async () => {
    const { sleep } = createSleep();
    const onEnd = jest.fn();
    const stream = withIdle(waitsForever([1, 2], onEnd), 10, sleep);
    await stream.next();
    await stream.return(undefined);
    expect(onEnd).toHaveBeenCalledTimes(1);
  });

  it('lets its reader leave with an error at idle, though the stream goes on waiting', async () => {
    const { sleep, wakeAll } = createSleep();
    const leave = async (): Promise<void> => {
      const stream = withIdle(
        waitsForever([], () => undefined),
        10,
        sleep,
      );
      for await (const value of stream) throw new Error(`cannot save at ${String(value)}`);
    };
    const left = leave();
    wakeAll();
    await expect(left).rejects.toThrow('cannot save at Symbol(idle)');
  });
});
