import { createManualClock } from '@gatehouse/runtime';

import type { VerifyJwt } from './jwt-verifier';
import { rememberJwts } from './remember-jwts';

function setUp(verifyOne?: VerifyJwt) {
  const clock = createManualClock(1_000);
  const asked: string[] = [];
  let keys = 'k1';
  const verify: VerifyJwt = async (token) => {
    asked.push(token);
    if (token.startsWith('bad')) throw new Error('bad');
    return verifyOne ? verifyOne(token) : { principal: { id: `jwt:${token}`, roles: [] }, untilMs: 2_000 };
  };
  const change = (to: string): void => void (keys = to);
  return { clock, asked, change, whose: rememberJwts(verify, () => keys, clock) };
}

test('a token is verified once, until it ends', async () => {
  const { clock, asked, whose } = setUp();
  expect([await whose('a'), await whose('a'), await whose('b')].map(({ id }) => id)).toEqual([
    'jwt:a',
    'jwt:a',
    'jwt:b',
  ]);
  expect(asked).toEqual(['a', 'b']);
  clock.advance(999);
  await whose('a');
  expect(asked).toEqual(['a', 'b']);
  clock.advance(1);
  await whose('a');
  expect(asked).toEqual(['a', 'b', 'a']);
});

test('a bad one each time', async () => {
  const { asked, whose } = setUp();
  await expect(whose('bad')).rejects.toThrow('bad');
  await expect(whose('bad')).rejects.toThrow('bad');
  expect(asked).toEqual(['bad', 'bad']);
});

test('all again when the keys have changed', async () => {
  const { asked, change, whose } = setUp();
  await whose('a');
  change('k2');
  await whose('a');
  await whose('a');
  expect(asked).toEqual(['a', 'a']);
});

test('what was verified by keys that have gone meanwhile is not remembered', async () => {
  const endings: (() => void)[] = [];
  const { asked, change, whose } = setUp(async (token) => {
    if (token === 'slow') await new Promise<void>((resolve) => endings.push(resolve));
    return { principal: { id: token, roles: [] }, untilMs: 2_000 };
  });
  const slow = whose('slow'); // by the old keys
  change('k2');
  await whose('other'); // forgets what the old ones said
  endings[0]();
  await slow;
  void whose('slow');
  expect(asked).toEqual(['slow', 'other', 'slow']);
});

test('a thousand are remembered; the oldest goes for one more', async () => {
  const { asked, whose } = setUp();
  for (let i = 0; i <= 1000; i++) await whose(`t${i}`);
  asked.length = 0;
  await whose('t1');
  await whose('t0');
  expect(asked).toEqual(['t0']);
});
