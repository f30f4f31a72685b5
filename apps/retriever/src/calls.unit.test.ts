import { EventEmitter } from 'node:events';

import { type ServerUnaryCall, status } from '@grpc/grpc-js';
import { createManualClock, delay, waitFor } from '@gatehouse/runtime';

import { OutOfTimeError } from './call-errors';
import { createCalls, MalformedMessage } from './calls';
import { InvalidRequestError } from './invalid-request-error';
import { createAdmission } from './overload/admission';
import { createConcurrencyLimit } from './overload/concurrency-limit';
import { createRecordingLogger, noTelemetry, noTracing } from './retriever.fixture';

const workMs = 50_000;

/** A runner over a handler whose work is synchronous: `workMs` pass on the clock while nothing else runs. */
function setUp(maxWaiting: number) {
  const clock = createManualClock(1000);
  const limit = createConcurrencyLimit({ min: 1, initial: 100, max: 100 }, clock);
  const still = createManualClock(); // so that a minute of work is no overload
  const admission = createAdmission({ limit, maxWaiting, targetWaitMs: 25, clock: still, inNextTurn: setImmediate });
  const told: [method: string, status: string, ms: number][] = [];
  const telemetry = { ...noTelemetry, answered: (...one: [string, string, number]) => void told.push(one) };
  const calls = createCalls(
    { defaultDeadlineMs: 1_000_000 },
    { admission, telemetry, tracing: noTracing, clock, logger: createRecordingLogger() },
  );
  const worked: number[] = [];
  const answers: string[] = [];
  const handler = calls.unary('Test', async (n: number) => {
    worked.push(n);
    clock.advance(workMs);
    return n;
  });
  const call = (request: number | MalformedMessage, deadlineMs = Infinity) => {
    const wire = Object.assign(new EventEmitter(), { request, cancelled: false, getDeadline: () => deadlineMs });
    handler(wire as unknown as ServerUnaryCall<number | MalformedMessage, number>, (error, value) => {
      answers.push(error ? status[error.code ?? status.OK] : `ok ${value}`);
    });
    return { cancel: () => wire.emit('cancelled') };
  };
  const idle = () =>
    waitFor(() => calls.inFlight === 0, { what: 'calls in flight', timeoutMs: 4000, everyMs: 1, delay });
  return { call, calls, clock, worked, answers, told, idle };
}

test('calls that come at once are counted before any works: what is too much is shed', async () => {
  const { call, calls, worked, answers, idle } = setUp(4);
  for (let n = 0; n < 20; n++) call(n);
  await new Promise((settled) => process.nextTick(settled)); // still in the turn in which they came
  expect(calls.inFlight).toBe(4);
  expect(worked).toEqual([]);
  expect(answers).toEqual(Array.from({ length: 16 }, () => 'RESOURCE_EXHAUSTED'));
  await idle();
  expect(worked).toEqual([0, 1, 2, 3]);
  expect(answers.slice(16)).toEqual(['ok 0', 'ok 1', 'ok 2', 'ok 3']);
});

test('one call starts in a turn of the event loop', async () => {
  const { call, worked, idle } = setUp(10);
  const seen: number[] = [];
  const watch = (): void => {
    seen.push(worked.length);
    if (seen.length < 3) setImmediate(watch);
  };
  for (let n = 0; n < 3; n++) call(n);
  setImmediate(watch); // after the start of a call in each turn
  await idle();
  expect(seen).toEqual([1, 2, 3]);
});

test('a call whose time ran out while it waited does no work, though no timer could fire', async () => {
  const { call, clock, worked, answers, idle } = setUp(10);
  // Nine tenths of 120 s are 108 s: the calls that start after 0, 50 and 100 s still work, those after 150 s do not.
  for (let n = 0; n < 5; n++) call(n, clock.nowMs() + 120_000);
  await idle();
  expect(worked).toEqual([0, 1, 2]);
  expect(answers).toEqual(['ok 0', 'ok 1', 'ok 2', 'DEADLINE_EXCEEDED', 'DEADLINE_EXCEEDED']);
});

test('a call whose time is over when it comes is refused at once', () => {
  const { call, calls, clock, answers } = setUp(10);
  call(0, clock.nowMs());
  expect(answers).toEqual(['DEADLINE_EXCEEDED']);
  expect(calls.inFlight).toBe(0);
});

test('a call that was cancelled while it waited does no work', async () => {
  const { call, worked, answers, idle } = setUp(10);
  call(0);
  const { cancel } = call(1);
  call(2);
  cancel();
  await idle();
  expect(worked).toEqual([0, 2]);
  expect([...answers].sort()).toEqual(['CANCELLED', 'ok 0', 'ok 2']);
});

test('a place is free again after its call', async () => {
  const { call, answers, idle } = setUp(1);
  for (const n of [0, 1]) {
    call(n);
    await idle();
  }
  expect(answers).toEqual(['ok 0', 'ok 1']);
});

test('bytes that are no request take no place', () => {
  const { call, calls, answers } = setUp(1);
  call(new MalformedMessage('7 bytes of something else'));
  expect(answers).toEqual(['INVALID_ARGUMENT']);
  expect(calls.inFlight).toBe(0);
});

test('every call is told of once, with its status and time', async () => {
  const { call, told, clock, idle } = setUp(10);
  call(0);
  call(new MalformedMessage('7 bytes of something else'));
  call(1, clock.nowMs());
  await idle();
  expect(told).toEqual([
    ['Test', 'INVALID_ARGUMENT', 0],
    ['Test', 'DEADLINE_EXCEEDED', 0],
    ['Test', 'OK', workMs],
  ]);
});

test('the limit learns from answers, a query of a batch at a time, and not from refusals', async () => {
  const clock = createManualClock(1000);
  const learned: number[] = [];
  const limit = { current: 10, unloadedMs: 1, perSecond: 1, ended: (queryMs: number) => learned.push(queryMs) };
  const admission = createAdmission({ limit, maxWaiting: 10, targetWaitMs: 25, clock, inNextTurn: setImmediate });
  const parts = { admission, telemetry: noTelemetry, tracing: noTracing, clock, logger: createRecordingLogger() };
  const calls = createCalls({ defaultDeadlineMs: 1000 }, parts);
  const work = async (n: number): Promise<number> => {
    clock.advance(8);
    if (n === 0) throw new InvalidRequestError('limit', '1 to 1000', '5000');
    if (n < 0) throw new OutOfTimeError();
    return n;
  };
  const handler = calls.unary('Test', work, (n) => n);
  for (const request of [1, 0, 4, -1]) {
    const wire = Object.assign(new EventEmitter(), { request, cancelled: false, getDeadline: () => Infinity });
    await new Promise((resolve) =>
      handler(wire as unknown as ServerUnaryCall<number, number>, (...answer) => resolve(answer)),
    );
  }
  expect(learned).toEqual([8, 2, 8]);
});
