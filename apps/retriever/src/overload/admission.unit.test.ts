import { createManualClock } from '@gatehouse/runtime';

import { OverloadedError } from '../call-errors';
import { createAdmission } from './admission';

/** A gate whose turns are taken by hand. */
function setUp(atOnce = 1, maxWaiting = 100, perSecond = 100) {
  const clock = createManualClock();
  const turns: (() => void)[] = [];
  const admission = createAdmission({
    limit: { current: atOnce, unloadedMs: 10, perSecond, ended: () => undefined },
    maxWaiting,
    targetWaitMs: 25,
    clock,
    inNextTurn: (run) => turns.push(run),
  });
  const turn = async (): Promise<void> => {
    turns.shift()?.();
    await new Promise(setImmediate);
  };
  return { clock, admission, turn };
}

const never = new AbortController().signal;

test('as many as may work begin, one in a turn and in order; the others when one ends', async () => {
  const { admission, turn } = setUp(2);
  const began: number[] = [];
  const leaves: ((queries: number) => void)[] = [];
  for (const n of [0, 1, 2])
    void admission.enter(never).then((leave) => {
      began.push(n);
      leaves.push(leave);
    });
  await turn();
  expect(began).toEqual([0]);
  await turn();
  await turn();
  expect(began).toEqual([0, 1]);
  expect([admission.running, admission.waiting]).toEqual([2, 1]);
  leaves[0](1);
  await turn();
  expect(began).toEqual([0, 1, 2]);
});

test('who gives up while waiting never begins, and leaves the place to the next', async () => {
  const { admission, turn } = setUp();
  const stop = new AbortController();
  const first = admission.enter(stop.signal);
  const second = admission.enter(never);
  stop.abort(new Error('gave up'));
  await expect(first).rejects.toThrow('gave up');
  await turn();
  await second;
  expect([admission.running, admission.waiting]).toEqual([1, 0]);
  await expect(admission.enter(stop.signal)).rejects.toThrow('gave up');
});

test('one more than may wait is turned away at once', async () => {
  const { admission } = setUp(1, 2);
  void admission.enter(never);
  void admission.enter(never);
  await expect(admission.enter(never)).rejects.toThrow(OverloadedError);
});

test('a pause of the whole process is no overload: the few who waited go in', async () => {
  const { clock, admission, turn } = setUp(100);
  const entered = Array.from({ length: 5 }, () => admission.enter(never));
  clock.advance(500); // nothing ran
  for (let n = 0; n < 5; n++) await turn();
  await Promise.all(entered);
  expect(admission.isOverloaded).toBe(false);
});

test('those who wait too long for too long are an overload, and turned away down to what is worked off in time', async () => {
  const { clock, admission, turn } = setUp(1);
  const outcomes: string[] = [];
  let leave: (queries: number) => void = () => undefined;
  for (let n = 0; n < 30; n++)
    admission.enter(never).then(
      (left) => {
        leave = left;
        outcomes.push('began');
      },
      () => outcomes.push('turned away'),
    );
  for (let n = 0; n < 12; n++) {
    await turn();
    clock.advance(15);
    leave(1);
  }
  expect(admission.isOverloaded).toBe(true);
  expect(outcomes).toContain('turned away');
  expect(admission.waiting).toBeLessThanOrEqual(2); // 100 a second * 25 ms
});

test('in an overload, as many may still wait as there is room to work', async () => {
  // One a second was worked off: that alone would let nobody wait.
  const { clock, admission, turn } = setUp(20, 100, 1);
  const leaves: ((queries: number) => void)[] = [];
  for (let n = 0; n < 30; n++)
    admission.enter(never).then(
      (leave) => leaves.push(leave),
      () => undefined,
    );
  for (let n = 0; n < 12; n++) {
    clock.advance(30);
    await turn();
  }
  expect(admission.isOverloaded).toBe(true);
  leaves.slice(0, 10).forEach((leave) => leave(1));
  const room = 20 - admission.running - admission.waiting;
  expect(room).toBeGreaterThanOrEqual(10);
  const entered = Array.from({ length: room }, () => admission.enter(never));
  await expect(admission.enter(never)).rejects.toThrow(OverloadedError);
  for (let n = 0; n < 30; n++) await turn();
  await Promise.all(entered);
});
