import { createManualClock, waitFor } from '@gatehouse/runtime';

import { CallCancelledError, OutOfTimeError } from '../call-errors';
import type { SourceRequest } from './candidate-source';
import { SourceSparedError, spareFailing } from './spare-failing';

function setUp(pauseMs = 60_000) {
  const clock = createManualClock();
  let fail: Error | undefined;
  let [asked, takesMs] = [0, 0];
  const source = spareFailing(
    async () => {
      asked++;
      clock.advance(takesMs);
      if (fail) throw fail;
      return [{ itemId: 'a', score: 1 }];
    },
    () => clock.monotonicMs(),
    pauseMs,
  );
  const ask = (): Promise<unknown> => source({} as SourceRequest).catch((error: unknown) => error);
  const failWith = async (error: Error, times: number, ms = 0): Promise<void> => {
    [fail, takesMs] = [error, ms];
    for (let n = 0; n < times; n++) expect(await ask()).toBe(error);
  };
  return { ask, failWith, heal: () => (fail = undefined), asked: () => asked };
}

test('after five failures in a row a source is left alone', async () => {
  const { ask, failWith, asked } = setUp();
  await failWith(new Error('503'), 5);
  expect(await ask()).toBeInstanceOf(SourceSparedError);
  expect(asked()).toBe(5);
});

test('so it is after five times that it hung', async () => {
  const { ask, failWith } = setUp();
  await failWith(new OutOfTimeError(), 5, 900);
  expect(await ask()).toBeInstanceOf(SourceSparedError);
});

test.each([new OutOfTimeError(), new CallCancelledError()])(
  'callers with short deadlines, or who give up, do not turn it off for others: %p',
  async (error) => {
    const { ask, failWith, heal } = setUp();
    await failWith(error, 20, 10);
    heal();
    expect(await ask()).toHaveLength(1);
  },
);

test('it is asked again after a while, and then by all', async () => {
  const { ask, failWith, heal } = setUp(20);
  await failWith(new Error('503'), 5);
  heal();
  await waitFor(async () => Array.isArray(await ask()), { what: 'an answer', timeoutMs: 2_000, everyMs: 5 });
  expect(await Promise.all([ask(), ask(), ask()])).toHaveLength(3);
});
