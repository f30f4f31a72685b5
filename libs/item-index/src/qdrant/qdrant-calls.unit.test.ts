import { createQdrantCalls } from './qdrant-calls';
import { QdrantRefusedError, QdrantUnavailableError } from './qdrant-errors';

/** What the client throws for an answer. */
const answer = (status: number, said = 'no') =>
  Object.assign(new Error('x'), { status, data: { status: { error: said } } });
const away = () => new TypeError('fetch failed', { cause: new Error('ECONNREFUSED') });
const late = () => Object.assign(new Error('aborted'), { name: 'QdrantClientTimeoutError' });

function setUp() {
  const pausesMs: number[] = [];
  const calls = createQdrantCalls({
    random: () => 0.5,
    delay: async (ms) => {
      pausesMs.push(ms);
    },
  });
  let asked = 0;
  const failing = (count: number, error: () => unknown) => async () => {
    if (asked++ < count) throw error();
    return 'done';
  };
  return { calls, pausesMs, failing, asked: () => asked };
}

describe('calls to Qdrant', () => {
  it.each([
    ['no connection', away],
    ['no answer in time', late],
    ['an answer of 503', () => answer(503)],
    ['an answer of 429', () => answer(429)],
    ['an answer of 500, as a full disk gives', () => answer(500)],
  ])('are made again after %s, with pauses that double', async (_, error) => {
    const { calls, pausesMs, failing } = setUp();
    expect(await calls.run('upsert 1-1.1', failing(3, error))).toBe('done');
    expect(pausesMs).toEqual([50, 100, 200]); // half of 100, 200, 400
  });

  it.each([
    [400, 'Qdrant, upsert 1-1.1: refused with 400: wrong vector'],
    [401, 'Qdrant, upsert 1-1.1: refused with 401: wrong vector: set a key that may do this in qdrant.apiKeyFile'],
    [403, 'set a key that may do this'],
  ])('are not made again after %i, and name what was refused', async (status, message) => {
    const { calls, failing, asked } = setUp();
    const refused = calls.run(
      'upsert 1-1.1',
      failing(1, () => answer(status, 'wrong vector')),
    );
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.toBeInstanceOf(QdrantRefusedError);
    expect(asked()).toBe(1);
  });

  it('give up after five, and name the call and the reason', async () => {
    const { calls, failing, asked } = setUp();
    const given = calls.run('count 1-1.1', failing(99, away));
    await expect(given).rejects.toThrow('Qdrant, count 1-1.1: fetch failed (ECONNREFUSED): see that it runs');
    await expect(given).rejects.toBeInstanceOf(QdrantUnavailableError);
    expect(asked()).toBe(5);
  });

  it('are not made at all while the last five failed', async () => {
    const { calls, failing, asked } = setUp();
    await expect(calls.run('a', failing(99, away))).rejects.toThrow(QdrantUnavailableError);
    await expect(calls.run('b', failing(99, away))).rejects.toThrow(
      'Qdrant, b: not asked, for the last 5 calls failed',
    );
    expect(asked()).toBe(5);
  });

  it('are made again within a budget alone: a tenth of the first ones, and ten at the start', async () => {
    const { calls } = setUp();
    // Each of these fails once and then succeeds, so the breaker stays closed; each takes one token and brings a tenth.
    let retried = 0;
    for (let n = 0; n < 40; n++) {
      let tries = 0;
      const done = await calls
        .run('a', async () => {
          if (tries++ === 0) throw away();
          return true;
        })
        .catch(() => false);
      if (done) retried++;
      else await calls.run('a', async () => true); // closes the breaker again
    }
    // 10 saved up, and a tenth of about 40 + 27 first calls.
    expect(retried).toBeGreaterThanOrEqual(15);
    expect(retried).toBeLessThanOrEqual(18);
  });

  it('do not hide a mistake in the code', async () => {
    const { calls, asked, failing } = setUp();
    const mistaken = calls.run(
      'a',
      failing(9, () => new TypeError('x is not a function')),
    );
    await expect(mistaken).rejects.toThrow(TypeError);
    expect(asked()).toBe(1);
  });
});
