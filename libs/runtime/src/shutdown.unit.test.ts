import { EventEmitter } from 'node:events';

import { createLogger } from './logger';
import { createShutdown } from './shutdown';

class FakeProcess extends EventEmitter {
  readonly exits: number[] = [];
  exit(code: number): void {
    this.exits.push(code);
  }
}

function setUp() {
  const signals = new FakeProcess();
  const lines: string[] = [];
  const logger = createLogger({ app: 'test', level: 'info', destination: { write: (line) => lines.push(line) } });
  return { signals, lines, shutdown: createShutdown({ signals, logger, timeoutMs: 1_000 }) };
}

describe('createShutdown', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it.each(['SIGTERM', 'SIGINT'])('%s aborts the signal, then closes in reverse order, one at a time', async (name) => {
    const { signals, shutdown } = setUp();
    const order: string[] = [];
    shutdown.signal.addEventListener('abort', () => order.push('abort'));
    shutdown.onStop('store', () => order.push('store'));
    shutdown.onStop('server', async () => {
      order.push('server begins');
      await Promise.resolve();
      order.push('server ends');
    });
    expect(shutdown.signal.aborted).toBe(false);
    signals.emit(name);
    await expect(shutdown.stopped).resolves.toBe(0);
    expect(order).toEqual(['abort', 'server begins', 'server ends', 'store']);
    expect(signals.exits).toEqual([]);
  });

  it('runs work until it is stopped', async () => {
    const { signals, shutdown } = setUp();
    const step = jest.fn();
    const code = shutdown.run(async () => {
      shutdown.onStop('store', step);
    });
    signals.emit('SIGTERM');
    await expect(code).resolves.toBe(0);
    expect(step).toHaveBeenCalledTimes(1);
  });

  it('closes at once what is opened after the end', async () => {
    const { signals, shutdown } = setUp();
    signals.emit('SIGTERM');
    await shutdown.stopped;
    const late = jest.fn();
    shutdown.onStop('server', late);
    expect(late).toHaveBeenCalledTimes(1);
  });

  it('passes on what the work throws', async () => {
    const { shutdown } = setUp();
    await expect(shutdown.run(() => Promise.reject(new Error('no disk')))).rejects.toThrow('no disk');
  });

  it('does not mind work that fails once stopping has begun', async () => {
    const { signals, shutdown } = setUp();
    const code = shutdown.run(async () => {
      signals.emit('SIGTERM');
      await Promise.resolve();
      throw new Error('the log is closed');
    });
    await expect(code).resolves.toBe(0);
  });

  it('stops without a signal, once', async () => {
    const { shutdown } = setUp();
    const step = jest.fn();
    shutdown.onStop('store', step);
    await expect(Promise.all([shutdown.stop(), shutdown.stop(), shutdown.stopped])).resolves.toEqual([0, 0, 0]);
    expect(step).toHaveBeenCalledTimes(1);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('disk');
      },
    ],
    ['rejects', () => Promise.reject(new Error('disk'))],
  ])('goes on with exit code 1 when a step %s', async (_how, step) => {
    const { lines, shutdown } = setUp();
    const first = jest.fn();
    shutdown.onStop('first', first);
    shutdown.onStop('broken', step);
    await expect(shutdown.stop()).resolves.toBe(1);
    expect(first).toHaveBeenCalledTimes(1);
    expect(JSON.parse(lines[0])).toMatchObject({
      msg: 'shutdown.step-failed',
      step: 'broken',
      error: { message: 'disk' },
    });
  });

  it('goes on with exit code 1 when a step takes longer than its deadline', async () => {
    const { lines, shutdown } = setUp();
    const first = jest.fn();
    shutdown.onStop('first', first);
    shutdown.onStop('stuck', () => new Promise(() => undefined));
    const stopped = shutdown.stop();
    await jest.advanceTimersByTimeAsync(999);
    expect(first).not.toHaveBeenCalled();
    await jest.advanceTimersByTimeAsync(1);
    await expect(stopped).resolves.toBe(1);
    expect(first).toHaveBeenCalledTimes(1);
    expect(lines[0]).toContain('stuck: expected to stop within 1000 ms');
  });

  it.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ])('exits at once on a second signal %s, with code %d', (name, code) => {
    const { signals, shutdown } = setUp();
    shutdown.onStop('stuck', () => new Promise(() => undefined));
    signals.emit('SIGTERM');
    expect(signals.exits).toEqual([]);
    signals.emit(name);
    expect(signals.exits).toEqual([code]);
  });

  it('exits when something still holds the process after the last step', async () => {
    const { signals, shutdown } = setUp();
    await shutdown.stop();
    await jest.advanceTimersByTimeAsync(999);
    expect(signals.exits).toEqual([]);
    await jest.advanceTimersByTimeAsync(1);
    expect(signals.exits).toEqual([0]);
  });
});
