import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const script = resolve(__dirname, '../setup-native.mjs');

/** A PATH that holds node and some commands that do nothing but end with a status. */
function pathWith(folder: string, commands: Readonly<Record<string, number>>): string {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  symlinkSync(process.execPath, join(bin, 'node'));
  for (const [name, status] of Object.entries(commands)) {
    writeFileSync(join(bin, name), `#!/bin/sh\nexit ${status}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  return `${bin}:/bin`; // the shell of these commands, and no compiler: see the test that finds one there
}

describe('setup:native', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'setup-native-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const run = (args: readonly string[], commands: Readonly<Record<string, number>>) =>
    spawnSync(process.execPath, [script, ...args], {
      env: { PATH: pathWith(folder, commands), HOME: folder, XDG_CACHE_HOME: join(folder, 'cache') },
      encoding: 'utf8',
    });

  it('refuses an argument that it does not know', () => {
    const { status, stderr } = run(['--gpus'], {});
    expect(status).toBe(78);
    expect(stderr).toContain('expected --gpu, found --gpus');
  });

  it.each([
    ['npm', { npm: 127 }, 'npm: expected it on the PATH, found none'],
    ['python3', { npm: 0, python3: 127 }, 'python3: expected it on the PATH, found none'],
  ] as const)('says that %s is missing, and leaves nothing behind', (_what, commands, message) => {
    const { status, stderr } = run([], commands);
    expect(stderr).toContain(message);
    expect(status).toBe(1);
    expect(existsSync(join(folder, 'cache', 'gatehouse', 'native'))).toBe('python3' in commands);
    const left = spawnSync('ls', ['-A', join(folder, 'cache', 'gatehouse', 'native')], { encoding: 'utf8' });
    expect(left.stdout).toBe('');
  });

  it('says which module or compiler is missing', () => {
    writeFileSync(join(folder, 'python3'), '#!/bin/sh\nif [ "$1" = -m ]; then exit 1; fi\n');
    chmodSync(join(folder, 'python3'), 0o755);
    const path = `${folder}:${pathWith(folder, { npm: 0, 'g++': 1 })}`;
    const env = { PATH: path, HOME: folder, XDG_CACHE_HOME: join(folder, 'cache') };
    const withoutPip = spawnSync(process.execPath, [script], { env, encoding: 'utf8' });
    expect(withoutPip.stderr).toContain('pip: expected python3 -m pip to run');
    writeFileSync(join(folder, 'python3'), '#!/bin/sh\nexit 0\n');
    const withoutCompiler = spawnSync(process.execPath, [script], { env, encoding: 'utf8' });
    expect(withoutCompiler.stderr).toContain('g++: expected a C++17 compiler on the PATH, found none');
    expect(withoutCompiler.status).toBe(1);
  });
});
