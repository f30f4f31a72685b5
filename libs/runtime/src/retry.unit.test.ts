import { retry, type RetryOptions } from './retry';

function setUp(overrides: Partial<RetryOptions> = {}) {
  const pausesMs: number[] = [];
  const delay = async (ms: number): Promise<void> => void pausesMs.push(ms);
  const options: RetryOptions = { attempts: 5, baseMs: 100, maxMs: 300, random: () => 0.5, delay, ...overrides };
  return { pausesMs, options };
}

function failing(times: number, error: Error = new Error('refused')) {
  return jest.fn(async (attempt: number) => {
    if (attempt <= times) throw error;
    return attempt;
  });
}

describe('retry', () => {
  it('returns the first success', async () => {
    const { pausesMs, options } = setUp();
    await expect(retry(failing(0), options)).resolves.toBe(1);
    expect(pausesMs).toEqual([]);
  });

  it('doubles the bound of the pause up to the greatest, with full jitter', async () => {
    // bounds 100, 200, min(300, 400), min(300, 800); random 0.5 halves them
    const { pausesMs, options } = setUp();
    await expect(retry(failing(4), options)).resolves.toBe(5);
    expect(pausesMs).toEqual([50, 100, 150, 150]);
  });

  it('can pause for no time at all: full jitter begins at 0', async () => {
    const { pausesMs, options } = setUp({ random: () => 0 });
    await retry(failing(1), options);
    expect(pausesMs).toEqual([0]);
  });

  it('throws what the last call threw', async () => {
    const { pausesMs, options } = setUp({ attempts: 3 });
    const error = new Error('refused');
    const operation = failing(9, error);
    await expect(retry(operation, options)).rejects.toBe(error);
    expect(operation).toHaveBeenCalledTimes(3);
    expect(pausesMs).toHaveLength(2);
  });

  it.each([new TypeError('x'), new RangeError('x'), new ReferenceError('x'), new SyntaxError('x')])(
    'never retries a %s, even when told to',
    async (error) => {
      const { options } = setUp({ isRetriable: () => true });
      const operation = failing(1, error);
      await expect(retry(operation, options)).rejects.toBe(error);
      expect(operation).toHaveBeenCalledTimes(1);
    },
  );

  it('asks whether an error is worth another call', async () => {
    const { options } = setUp({ isRetriable: (error) => (error as Error).message !== 'forbidden' });
    const operation = failing(1, new Error('forbidden'));
    await expect(retry(operation, options)).rejects.toThrow('forbidden');
    expect(operation).toHaveBeenCalledTimes(1);
  });

  it('makes no further call after the signal has aborted', async () => {
    const controller = new AbortController();
    const { options } = setUp({ signal: controller.signal });
    const operation = jest.fn(async () => {
      controller.abort(new Error('stop'));
      throw new Error('refused');
    });
    await expect(retry(operation, options)).rejects.toThrow('stop');
    expect(operation).toHaveBeenCalledTimes(1);
  });

  it.each([0, Number.NaN])('refuses %d attempts', async (attempts) => {
    await expect(retry(failing(0), setUp({ attempts }).options)).rejects.toThrow(RangeError);
  });
});
