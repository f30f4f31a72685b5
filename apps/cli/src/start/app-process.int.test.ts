import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { createCleanup, createTemporaryFolder } from '@gatehouse/testing';

import { type LogLine, startApp } from './app-process';

const cleanup = createCleanup();
let folder: string;
beforeEach(async () => {
  folder = await createTemporaryFolder(cleanup);
});
afterEach(() => cleanup.run());

/** Starts a script, and resolves `ready` when it has said so. */
async function startScript(script: string, args: readonly string[] = []) {
  const entry = join(folder, 'app.js');
  await writeFile(entry, script);
  const lines: LogLine[] = [];
  let sayReady: () => void = () => undefined;
  const ready = new Promise<void>((resolve) => (sayReady = resolve));
  const app = startApp({
    name: 'app',
    entry,
    args,
    environment: { APP_SETTING: 'x' },
    workingFolder: folder,
    logFile: join(folder, 'app.log'),
    onLine: (line) => {
      lines.push(line);
      if (line.msg === 'ready') sayReady();
    },
  });
  cleanup.add(() => app.stop(0));
  return { app, lines, ready };
}

const readyThen = (script: string): string => `${script}; setInterval(() => {}, 1000); console.log('{"msg":"ready"}')`;

describe('startApp', () => {
  it('parses lines, and keeps all that the app prints', async () => {
    const { app, lines } = await startScript(
      `console.log(JSON.stringify({ level: 'info', msg: 'hello', args: process.argv.slice(2), x: process.env.APP_SETTING }));
       console.log('{"msg":5}');
       console.log(process.cwd() === ${JSON.stringify(folder)} ? '"here"' : 'elsewhere');
       console.error('Error: broken');
       process.exitCode = 3;`,
      ['a', 'b c'],
    );
    expect(await app.ended).toEqual({ code: 3, signal: null });
    expect(lines).toHaveLength(4);
    expect(lines).toEqual(
      expect.arrayContaining([
        { level: 'info', msg: 'hello', args: ['a', 'b c'], x: 'x' },
        { msg: '{"msg":5}', level: 'error' }, // without a message it is no line of a log
        { msg: '"here"', level: 'error' },
        { msg: 'Error: broken', level: 'error' },
      ]),
    );
    const log = await readFile(app.logFile, 'utf8');
    expect(log.split('\n')).toHaveLength(5);
    expect(log).toContain('Error: broken\n');
  });

  it('asks the app to end, and waits', async () => {
    const { app, lines, ready } = await startScript(
      readyThen(`process.on('SIGTERM', () => { console.log('{"msg":"bye"}'); process.exit(0); })`),
    );
    await ready;
    await app.stop(60_000);
    expect(await app.ended).toEqual({ code: 0, signal: null });
    expect(lines.at(-1)).toEqual({ msg: 'bye' });
    await app.stop(60_000); // again: nothing to do
  });

  it('kills the app when it does not end in time', async () => {
    const { app, ready } = await startScript(readyThen(`process.on('SIGTERM', () => {})`));
    await ready;
    await app.stop(50);
    expect(await app.ended).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it('tells of a signal that ended the app', async () => {
    const { app } = await startScript(`process.kill(process.pid, 'SIGABRT'); setInterval(() => {}, 1000)`);
    expect(await app.ended).toEqual({ code: null, signal: 'SIGABRT' });
  });

  it('tells of an app that is not there', async () => {
    const app = startApp({
      name: 'app',
      entry: join(folder, 'none.js'),
      environment: {},
      workingFolder: folder,
      logFile: join(folder, 'app.log'),
      onLine: () => undefined,
    });
    expect(await app.ended).toEqual({ code: 1, signal: null });
    expect(await readFile(app.logFile, 'utf8')).toContain('Cannot find module');
  });

  it('tells of a process that cannot be started', async () => {
    const lines: LogLine[] = [];
    const app = startApp({
      name: 'app',
      entry: 'app.js',
      environment: {},
      workingFolder: join(folder, 'none'),
      logFile: join(folder, 'app.log'),
      onLine: (line) => lines.push(line),
    });
    expect((await app.ended).code).not.toBe(0);
    expect(lines).toEqual([{ level: 'error', msg: expect.stringContaining('ENOENT') as string }]);
    await app.stop(0);
  });
});
