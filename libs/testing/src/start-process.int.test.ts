import { existsSync } from 'node:fs';

import { createCleanup } from './create-cleanup';
import { createTemporaryFolder } from './create-temporary-folder';
import { startProcess, type TestProcess } from './start-process';

const cleanup = createCleanup();
afterEach(() => cleanup.run());

function runScript(script: string, environment: Readonly<Record<string, string>> = {}): TestProcess {
  const started = startProcess({
    name: 'script',
    command: process.execPath,
    args: ['-e', script],
    environment,
    workingFolder: process.cwd(),
  });
  cleanup.add(async () => {
    await started.kill('SIGKILL');
  });
  return started;
}

const patient = { what: 'a line', timeoutMs: 20_000 };
const waiting = 'setInterval(() => {}, 1000);';

describe('startProcess', () => {
  it('reads lines of JSON and of plain text, from both outputs', async () => {
    const script = runScript(
      `console.log(JSON.stringify({ msg: 'model.published', at: process.env.AT })); console.error('oh'); console.log('{"no": 1}')`,
      { AT: '7' },
    );

    expect(await script.ended).toEqual({ code: 0, signal: null });

    expect(script.lines).toHaveLength(3);
    expect(script.lines).toEqual(
      expect.arrayContaining([{ msg: 'model.published', at: '7' }, { msg: 'oh' }, { msg: '{"no": 1}' }]),
    );
  });

  it('finds a line that was, and one that comes', async () => {
    const script = runScript(`console.log('one'); setTimeout(() => console.log('two'), 50); ${waiting}`);

    expect(await script.waitForLine(({ msg }) => msg === 'two', patient)).toEqual({ msg: 'two' });
    expect(await script.waitForLine(({ msg }) => msg === 'one', patient)).toEqual({ msg: 'one' });
  });

  it('says what it waited for, and what there was instead', async () => {
    const script = runScript(`console.log('one'); ${waiting}`);
    await script.waitForLine(({ msg }) => msg === 'one', patient);

    await expect(script.waitForLine(() => false, { what: 'another line', timeoutMs: 1 })).rejects.toThrow(
      'script: waited 1 ms for another line; last lines:\n  {"msg":"one"}',
    );
  });

  it('stops waiting when the process ends', async () => {
    const script = runScript(`console.log('one'); process.exit(3)`);

    await expect(script.waitForLine(() => false, patient)).rejects.toThrow(
      'script: ended by code 3 before a line; last lines:\n  {"msg":"one"}',
    );
  });

  it('waits for the end, and not for ever', async () => {
    const [ending, staying] = [runScript('process.exit(4)'), runScript(waiting)];

    expect(await ending.waitForEnd(patient)).toEqual({ code: 4, signal: null });
    await expect(staying.waitForEnd({ what: 'the end', timeoutMs: 1 })).rejects.toThrow(
      'script: waited 1 ms for the end',
    );
  });

  it('kills the process and its children', async () => {
    const script = runScript(
      `const { pid } = require('child_process').spawn(process.execPath, ['-e', '${waiting}'], { stdio: 'inherit' });
       console.log('child ' + pid); ${waiting}`,
    );
    await script.waitForLine(({ msg }) => msg.startsWith('child'), patient);

    // The outputs close only when the last process that holds them has ended, the child among them.
    expect(await script.kill('SIGKILL')).toEqual({ code: null, signal: 'SIGKILL' });

    expect(await script.kill('SIGTERM')).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it('tells why a process could not be started', async () => {
    const started = startProcess({ name: 'none', command: '/no/such/program', args: [], workingFolder: process.cwd() });

    await expect(started.waitForLine(() => false, patient)).rejects.toThrow('ENOENT');
  });
});

describe('createTemporaryFolder', () => {
  it('is gone after the cleanup', async () => {
    const folder = await createTemporaryFolder(cleanup);
    expect(existsSync(folder)).toBe(true);

    await cleanup.run();

    expect(existsSync(folder)).toBe(false);
  });
});
