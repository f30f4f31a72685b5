import { interruptible, untilAborted } from './interruptible';

/** A shutdown that a test begins. */
function setUp() {
  const controller = new AbortController();
  const steps: (() => unknown)[] = [];
  const printed: string[] = [];
  const run = (work: (signal: AbortSignal) => Promise<number>) =>
    interruptible(
      { signal: controller.signal, onStop: (_, step) => void steps.push(step) },
      (text) => void printed.push(text),
      work,
    );
  const stop = async (): Promise<void> => {
    controller.abort();
    for (const step of steps) await step();
  };
  return { run, stop, printed };
}

describe('interruptible', () => {
  it('passes on what the work returns or throws', async () => {
    const { run, printed } = setUp();
    await expect(run(() => Promise.resolve(5))).resolves.toBe(5);
    await expect(run(() => Promise.reject(new Error('disk full')))).rejects.toThrow('disk full');
    expect(printed).toEqual([]);
  });

  it('tells that the work was cut off, after it has ended', async () => {
    const { run, stop, printed } = setUp();
    let ended = false;
    const code = run(async (signal) => {
      await untilAborted(signal);
      await new Promise(setImmediate);
      ended = true;
      throw signal.reason;
    });
    await stop(); // waits for the work
    expect(ended).toBe(true);
    expect(await code).toBe(1);
    expect(printed).toEqual(['Interrupted; everything is stopped.']);
  });

  it('keeps the code of work that takes the signal as its proper end', async () => {
    const { run, stop, printed } = setUp();
    const code = run(async (signal) => {
      await untilAborted(signal);
      return 0;
    });
    await stop();
    expect(await code).toBe(0);
    expect(printed).toEqual([]);
  });
});

describe('untilAborted', () => {
  it('resolves also when that has happened before', async () => {
    await expect(untilAborted(AbortSignal.abort())).resolves.toBeUndefined();
  });
});
