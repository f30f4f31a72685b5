import { EventEmitter } from 'node:events';

import { runMain } from './run-main';

class FakeProcess extends EventEmitter {
  readonly written: string[] = [];
  readonly exits: number[] = [];
  readonly stderr = { write: (text: string) => this.written.push(text) };
  exitCode?: number | string | null | undefined;
  exit(code: number): void {
    this.exits.push(code);
  }
}

class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

describe('runMain', () => {
  it('takes the returned number as the exit code, and lets the process end by itself', async () => {
    const host = new FakeProcess();
    await runMain('trainer', async () => 3, host);
    expect([host.exitCode, host.exits, host.written]).toEqual([3, [], []]);
  });

  it('takes nothing for success', async () => {
    const host = new FakeProcess();
    await runMain('trainer', async () => undefined, host);
    expect(host.exitCode).toBe(0);
  });

  it.each([
    [new Error('broken', { cause: new Error('deeper') }), 'trainer: broken: deeper\n', 1],
    [new ConfigError('a.yaml:2:1: x\na.yaml:3:1: y'), 'trainer: a.yaml:2:1: x; a.yaml:3:1: y\n', 78],
  ])('tells %p in one line and exits', async (error, line, code) => {
    const host = new FakeProcess();
    await runMain('trainer', () => Promise.reject(error), host);
    expect([host.written, host.exits]).toEqual([[line], [code]]);
  });

  it.each(['unhandledRejection', 'uncaughtException'])('treats an %s alike', async (event) => {
    const host = new FakeProcess();
    await runMain('trainer', async () => undefined, host);
    host.emit(event, new Error('lost'));
    expect([host.written, host.exits]).toEqual([['trainer: lost\n'], [1]]);
  });
});
