import { createRandom } from '@gatehouse/domain';
import { createManualClock } from '@gatehouse/runtime';

import { LimitExceededError } from './access-errors';
import { createLimiter, type Limiter } from './limiter';

const open = (changed: object = {}) => {
  const clock = createManualClock();
  const limits = { ratePerSecond: 10, burst: 3, maxInFlight: 100, maxPrincipals: 100, ...changed };
  return { clock, limiter: createLimiter(limits, clock) };
};

/** Pause that a refused call is asked for; undefined: it was let in. */
function pushbackOf(limiter: Limiter, principal = 'token:a'): number | undefined {
  try {
    limiter.admit(principal).release();
    return undefined;
  } catch (error) {
    return (error as LimitExceededError).pushbackMs;
  }
}

test('a burst of 3 is let in at once, then 10 a second, and the pause that is asked for is enough and no more', () => {
  const { clock, limiter } = open();
  expect(Array.from({ length: 4 }, () => pushbackOf(limiter))).toEqual([undefined, undefined, undefined, 100]);
  clock.advance(50);
  expect(pushbackOf(limiter)).toBe(50);
  clock.advance(50);
  expect([pushbackOf(limiter), pushbackOf(limiter)]).toEqual([undefined, 100]);
  clock.advance(3_600_000); // never more than the burst
  expect(Array.from({ length: 4 }, () => pushbackOf(limiter))).toEqual([undefined, undefined, undefined, 100]);
});

test('a wall clock that is set changes nothing', () => {
  const { clock, limiter } = open({ burst: 1 });
  pushbackOf(limiter);
  clock.setWall(1e15);
  expect(pushbackOf(limiter)).toBe(100);
});

test('a batch of 8 counts as 8 calls, as a debt', () => {
  const { clock, limiter } = open();
  limiter.admit('token:a').charge(7); // 3 - 1 - 7 = -5 tokens: 6 short of one
  expect(pushbackOf(limiter)).toBe(600);
  clock.advance(600);
  expect(pushbackOf(limiter)).toBeUndefined();
});

test('callers do not pay for each other', () => {
  const { limiter } = open({ burst: 1 });
  expect(['token:a', 'jwt:a', 'token:a'].map((id) => pushbackOf(limiter, id))).toEqual([undefined, undefined, 100]);
});

test('calls at a time are capped; the end of one counts once', () => {
  const { limiter } = open({ maxInFlight: 2, burst: 100 });
  const [first] = [limiter.admit('token:a'), limiter.admit('token:a')];
  const oneMore = () => limiter.admit('token:a');
  expect(oneMore).toThrow('expected at most 2 calls of one caller at a time; try again in 100 ms');
  first.release();
  first.release();
  oneMore();
  expect(oneMore).toThrow(LimitExceededError);
});

test.each([1, 2, 3, 4, 5])('seed %d: nobody gets more than burst + rate * time, in any window', (seed) => {
  const random = createRandom('pauses', seed);
  const { clock, limiter } = open({ ratePerSecond: 5, burst: 4 });
  const admittedMs: number[] = [];
  for (let i = 0; i < 2000; i++) {
    clock.advance(random.below(10) < 3 ? random.below(400) : 0);
    if (pushbackOf(limiter) === undefined) admittedMs.push(clock.monotonicMs());
  }
  admittedMs.forEach((fromMs, i) =>
    admittedMs.slice(i).forEach((untilMs, more) => {
      if (more + 1 > 4 + (5 * (untilMs - fromMs)) / 1000 + 1e-6)
        throw new Error(`${more + 1} calls in ${untilMs - fromMs} ms`);
    }),
  );
  expect(admittedMs.length).toBeGreaterThan(100);
});

describe('with more callers than are remembered', () => {
  test('the one that was quiet for longest is forgotten', () => {
    const { limiter } = open({ maxPrincipals: 2, burst: 1 });
    for (const id of ['token:a', 'token:b', 'token:a', 'token:c']) pushbackOf(limiter, id);
    expect(limiter.size).toBe(2);
    expect(pushbackOf(limiter, 'token:a')).toBe(100); // it asked again after b
    expect(pushbackOf(limiter, 'token:b')).toBeUndefined();
  });

  test('one with a call in flight is not', () => {
    const { limiter } = open({ maxPrincipals: 1 });
    const call = limiter.admit('token:a');
    expect(() => limiter.admit('token:b')).toThrow('expected at most 1 callers at a time');
    call.release();
    limiter.admit('token:b');
    expect(limiter.size).toBe(1);
  });

  test('a hundred thousand callers leave as many accounts as are allowed', () => {
    const { limiter } = open({ maxPrincipals: 1000 });
    for (let i = 0; i < 100_000; i++) limiter.admit(`jwt:${i}`).release();
    expect(limiter.size).toBe(1000);
  });
});
