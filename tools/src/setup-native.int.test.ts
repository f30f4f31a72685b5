import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createFakeTools, type FakeTools } from './fake-tools.fixture';
import { root } from './workspace';

const script = join(root, 'tools/setup-native.mjs');

/** Where the real one is, by its own word. */
const installed = spawnSync(process.execPath, [script, '--print-folder'], { encoding: 'utf8' }).stdout.trim();

/** How long a process may take to start. */
const startTimeoutMs = 4000;

async function waitUntil(condition: () => boolean): Promise<void> {
  const deadlineMs = Date.now() + startTimeoutMs;
  while (!condition()) {
    if (Date.now() > deadlineMs) throw new Error(`expected ${String(condition)} within ${startTimeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe('setup:native', () => {
  let home: string;
  let started: ChildProcess[];
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'setup-native-'));
    started = [];
  });
  afterEach(() => {
    for (const child of started) child.kill('SIGKILL');
    rmSync(home, { recursive: true });
  });

  const environment = (path: string): NodeJS.ProcessEnv => ({
    PATH: path,
    HOME: home,
    XDG_CACHE_HOME: `${home}/cache`,
  });

  /** Runs the script to its end with tools that behave as told. */
  const run = (args: readonly string[], tools: FakeTools) => {
    const { path, calls } = createFakeTools(join(home, 'bin'), tools);
    const before = calls().length;
    const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], {
      env: environment(path),
      encoding: 'utf8',
    });
    return { status, stdout, stderr, calls: calls().slice(before) };
  };

  const folders = (): string[] => {
    const native = join(home, 'cache/gatehouse/native');
    return existsSync(native) ? readdirSync(native) : [];
  };
  const key = (kind: string): string => `tfjs-4.22.0-tf-2.19.1-${process.platform}-${process.arch}-${kind}-1`;
  const folder = (kind = 'cpu'): string => join(home, 'cache/gatehouse/native', key(kind));

  it.each([['--gpus'], ['gpu'], ['--gpu', '--force']])('refuses %s %s', (...args) => {
    const { status, stderr, calls } = run(args, {});
    expect(status).toBe(78);
    expect(stderr).toContain(`expected --gpu or --print-folder, found ${args.at(-1)}`);
    expect(calls).toEqual([]);
  });

  it.each<[string, FakeTools, string]>([
    ['npm', { missing: ['npm'] }, 'npm: expected it on the PATH, found none. It comes with Node'],
    ['python3', { missing: ['python3'] }, 'python3: expected it on the PATH, found none. Install it'],
    ['pip', { hasPip: false }, 'pip: expected python3 -m pip to run, found no such module. Install it'],
    ['g++', { missing: ['g++'] }, 'g++: expected a C++17 compiler on the PATH, found none. Install it'],
    ['a compiler that works', { compiles: false }, 'g++ ended with status 1:\nc_api.h: No such file or directory'],
  ])('says that %s is missing, and leaves nothing behind', (_what, tools, message) => {
    const { status, stderr } = run([], tools);
    expect(stderr).toContain(`setup:native: ${message}`);
    expect(stderr).not.toContain('    at '); // no stack
    expect(status).toBe(1);
    expect(folders()).toEqual([]);
  });

  it('says where it cannot write', () => {
    writeFileSync(join(home, 'cache'), 'a file');
    const { status, stderr } = run([], {});
    expect(stderr).toMatch(/folder: expected to write under .*, found (ENOTDIR|EEXIST)\. Set XDG_CACHE_HOME/);
    expect(status).toBe(1);
  });

  it('builds on the wheel where the package cannot download, and keeps what is needed to run', () => {
    const { status, stdout, calls } = run([], {});
    expect(status).toBe(0);
    expect(stdout).toContain(
      'that did not work (Error: getaddrinfo ENOTFOUND host.invalid); building on the libraries',
    );
    expect(stdout).toContain(`TensorFlow 2.19.1 is ready, in ${folder()}`);
    expect(calls.map(([name, verb]) => `${name} ${verb}`)).toEqual([
      'npm install',
      'npm run',
      'python3 -m', // pip download
      'python3 -c', // unpacks
      'g++ -std=c++17',
    ]);
    expect(folders()).toEqual([key('cpu')]);
    expect(readdirSync(folder())).toEqual(['node_modules', 'site']);
    expect(readdirSync(join(folder(), 'site/tensorflow'))).toEqual(['libtensorflow_cc.so.2']);
    expect(readdirSync(join(folder(), 'node_modules/@tensorflow/tfjs-node'))).toEqual(['index.js', 'lib']);
  });

  it("takes the package's own way where it works, and then needs neither Python nor a compiler", () => {
    const { status, stdout, calls } = run([], { ownWay: 'works', missing: ['python3', 'g++'] });
    expect(status).toBe(0);
    expect(stdout).toContain('TensorFlow 2.9.1 is ready');
    expect(calls).toHaveLength(2);
  });

  it('does nothing the second time', () => {
    run([], {});
    const { status, stdout, calls } = run([], {});
    expect(status).toBe(0);
    expect(stdout).toBe(`setup:native: TensorFlow 2.19.1 is there already, in ${folder()}\n`);
    expect(calls).toEqual([]);
  });

  it('replaces what does not work, once it has something better', () => {
    const binding = join(folder(), 'node_modules/@tensorflow/tfjs-node');
    mkdirSync(binding, { recursive: true });
    writeFileSync(join(binding, 'index.js'), "throw new Error('libtensorflow.so.2: cannot open shared object file')");
    const failed = run([], { compiles: false });
    expect(failed.stdout).toContain('does not work and will be replaced: Error: libtensorflow.so.2: cannot open');
    expect(failed.status).toBe(1);
    expect(folders()).toEqual([key('cpu')]); // still the old one: apps say in their logs why they pass it over

    const { status, stdout } = run([], {});
    expect(status).toBe(0);
    expect(stdout).toContain('TensorFlow 2.19.1 is ready');
    expect(folders()).toEqual([key('cpu')]);
    expect(run([], {}).stdout).toContain('is there already');
  });

  it('brings CUDA with --gpu, beside the other, and says that there is no GPU', () => {
    run([], {});
    // The library that its own way brings finds no GPU either: the newer one is the better guess.
    const { status, stdout, calls } = run(['--gpu'], { ownWay: 'works' });
    expect(status).toBe(0);
    expect(stdout).toContain('that did not work (TensorFlow 2.9.1, which finds no GPU here');
    expect(stdout).toContain('TensorFlow 2.19.1, which finds no GPU here (apps pass it over), is ready');
    const downloads = calls.filter((call) => call.includes('download')).map((call) => call.at(-1));
    expect(downloads).toEqual(['tensorflow==2.19.1', 'nvidia-cublas-cu12==12.5.3.2']);
    expect(folders().sort()).toEqual([key('cpu'), key('gpu')]);
  });

  const start = (path: string): { child: ChildProcess; ended: Promise<unknown[]> } => {
    const child = spawn(process.execPath, [script], { env: environment(path), stdio: 'ignore' });
    started.push(child);
    return { child, ended: once(child, 'exit') };
  };

  it('may run twice at a time', async () => {
    const { path } = createFakeTools(join(home, 'bin'), {});
    const ends = await Promise.all([start(path).ended, start(path).ended]);
    expect(ends).toEqual([
      [0, null],
      [0, null],
    ]);
    expect(folders()).toEqual([key('cpu')]);
    expect(run([], {}).stdout).toContain('is there already');
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('cleans up after %s', async (signal) => {
    const { path, calls } = createFakeTools(join(home, 'bin'), { ownWay: 'hangs' });
    const { child, ended } = start(path);
    await waitUntil(() => calls().length === 2); // its own script runs
    child.kill(signal);
    expect(await ended).toEqual([signal === 'SIGINT' ? 130 : 143, null]);
    expect(folders()).toEqual([]);
  });

  const isRequired = process.env['GATEHOUSE_REQUIRE_NATIVE'] === '1';
  (isRequired || existsSync(installed) ? it : it.skip)('finds the real one at once, and leaves it alone', () => {
    const before = statSync(installed);
    const { status, stdout } = spawnSync(process.execPath, [script], { encoding: 'utf8' });
    expect(stdout).toMatch(/^setup:native: TensorFlow [\d.]+ is there already, in /);
    expect(status).toBe(0);
    expect(statSync(installed).ino).toBe(before.ino);
    expect(statSync(installed).mtimeMs).toBe(before.mtimeMs);
  });
});
