import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { root } from './workspace';

/** How long one evaluation may take. */
const timeoutMs = 4000;

/** Evaluates an expression over the exports `m` of a module of the setup, which is no TypeScript, and returns its JSON. */
function evaluate(module: string, expression: string): unknown {
  const path = JSON.stringify(join(root, 'tools/native', module));
  const program = `const m = await import(${path}); console.log(JSON.stringify(await ${expression}));`;
  const { stdout, stderr, error } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    encoding: 'utf8',
    timeout: timeoutMs,
  });
  if (stdout === '') throw error ?? new Error(stderr);
  return JSON.parse(stdout);
}

/** Message of the error that an expression throws. */
const thrownBy = (module: string, expression: string): unknown =>
  evaluate(module, `(async () => { try { ${expression}; } catch (error) { return error.message; } })()`);

describe('the wheel of the native backend', () => {
  it.each([
    [false, 'manylinux2014_x86_64', 'tensorflow-cpu==2.19.1'],
    [false, 'manylinux2014_aarch64', 'tensorflow==2.19.1'],
    [true, 'manylinux2014_x86_64', 'tensorflow==2.19.1'],
  ])('gpu %s on %s: %s', (gpu, platform, wheel) => {
    expect(evaluate('build-on-wheel.mjs', `m.tensorflowRequirement(${gpu}, '${platform}')`)).toBe(wheel);
  });

  it('names the CUDA libraries that it was tested with', () => {
    const metadata = [
      'Requires-Dist: numpy <2.2.0,>=1.26.0',
      "Requires-Dist: nvidia-cublas-cu12 ==12.5.3.2 ; extra == 'and-cuda'",
      'Requires-Dist: nvidia-cudnn-cu12==9.3.0.75; extra == "and-cuda"',
      "Requires-Dist: tensorflow-text ==2.19 ; extra == 'other'",
    ];
    expect(
      evaluate('build-on-wheel.mjs', `m.cudaRequirements(${JSON.stringify(`${metadata.join('\n')}\n\nText`)})`),
    ).toEqual(['nvidia-cublas-cu12==12.5.3.2', 'nvidia-cudnn-cu12==9.3.0.75']);
  });

  it('is downloaded for the platform, and for a Python that it exists for', () => {
    const args = evaluate('build-on-wheel.mjs', "m.pipArguments('/w', 'manylinux2014_x86_64', ['a==1', 'b==2'])");
    expect(args).toEqual(expect.arrayContaining(['--platform=manylinux2014_x86_64', '--python-version=3.11']));
    expect(args).toEqual(expect.arrayContaining(['--no-deps', '--only-binary=:all:', '--no-cache-dir']));
    expect((args as string[]).slice(-3)).toEqual(['--dest=/w', 'a==1', 'b==2']);
  });

  it.each([
    ['wheelPlatform(false, "linux-x64")', 'manylinux2014_x86_64'],
    ['wheelPlatform(false, "linux-arm64")', 'manylinux2014_aarch64'],
    ['wheelPlatform(true, "linux-x64")', 'manylinux2014_x86_64'],
  ])('exists: %s', (call, tag) => {
    expect(evaluate('check-needs.mjs', `m.${call}`)).toBe(tag);
  });

  it.each([
    ['wheelPlatform(true, "linux-arm64")', 'platform: expected linux-x64 with glibc for --gpu, found linux-arm64.'],
    ['wheelPlatform(false, "darwin-arm64")', 'expected linux-x64 or linux-arm64 with glibc, found darwin-arm64.'],
    ['wheelPlatform(false, "linux-x64 with another C library")', 'found linux-x64 with another C library.'],
  ])('does not exist: %s', (call, message) => {
    expect(thrownBy('check-needs.mjs', `m.${call}`)).toContain(message);
  });
});

describe('the binding of the native backend', () => {
  it('finds the libraries relative to itself, so that the folder can be moved', () => {
    const binding = '/f/node_modules/@tensorflow/tfjs-node';
    const args = evaluate('build-on-wheel.mjs', `m.compilerArguments('/f', '${binding}')`) as string[];
    const output = args[args.indexOf('-o') + 1];
    const libraries = args.find((argument) => argument.startsWith('-Wl,-rpath,'))?.replace('-Wl,-rpath,', '');
    expect(libraries?.replace('$ORIGIN', '')).not.toBe(libraries);
    expect(join(libraries!.replace('$ORIGIN', join(output, '..')))).toBe('/f/site/tensorflow');
    expect(args).toContain('-L/f/site/tensorflow');
    expect(output).toBe(`${binding}/lib/napi-v8/tfjs_binding.node`);
  });
});

describe('space for the native backend', () => {
  it.each([
    [false, 1.0e9, 'space: expected 1.5 GB free under /tmp, found 1.0 GB. Free some, or set XDG_CACHE_HOME'],
    [true, 5.9e9, 'space: expected 6.0 GB free under /tmp, found 5.9 GB.'],
  ])('gpu %s, %d bytes: too little', (gpu, free, message) => {
    expect(thrownBy('check-needs.mjs', `m.checkSpace('/tmp', ${gpu}, () => ${free})`)).toContain(message);
  });

  it('is enough at the limit', () => {
    expect(thrownBy('check-needs.mjs', "m.checkSpace('/tmp', false, () => 1.5e9); return 'enough'")).toBe('enough');
  });
});

describe('commands of setup:native', () => {
  const run = (command: string, args: readonly string[], options = '{}'): unknown =>
    evaluate(
      'create-runner.mjs',
      `m.createRunner({ signal: new AbortController().signal }).run('${command}', ${JSON.stringify(args)}, ${options})`,
    );

  it('give their status and output', () => {
    const program = "console.log('out'); console.error('err'); process.exit(3)";
    expect(run(process.execPath, ['-e', program])).toEqual({
      status: 3,
      output: expect.stringMatching(/out\nerr|err\nout/) as string,
    });
  });

  it('may not exist', () => {
    expect(run('no-such-command', [])).toEqual({ status: 127, output: 'no-such-command: not found' });
  });

  it('are ended at their time limit, with all that they started', () => {
    // The grandchild holds the output open: the run ends only when both have.
    const grandchild = JSON.stringify('setInterval(() => {}, 1e6)');
    const program = `require('node:child_process').spawn(process.execPath, ['-e', ${grandchild}], { stdio: 'inherit' }); setInterval(() => {}, 1e6);`;
    expect(run(process.execPath, ['-e', program], '{ timeoutMs: 500 }')).toEqual({
      status: 124,
      output: expect.stringContaining('no end after 0.5 s') as string,
    });
  });

  it('say which signal ended them', () => {
    expect(run(process.execPath, ['-e', "process.kill(process.pid, 'SIGILL')"])).toEqual({
      status: 132,
      output: expect.stringContaining('ended by SIGILL') as string,
    });
  });

  it('name their reason in one line', () => {
    const output = ['      throw er;', 'Error: getaddrinfo ENOTFOUND host', '    at onlookup', 'Node.js v20'].join(
      '\n',
    );
    expect(evaluate('create-runner.mjs', `m.reasonIn(${JSON.stringify(output)})`)).toBe(
      'Error: getaddrinfo ENOTFOUND host',
    );
    expect(evaluate('create-runner.mjs', "m.reasonIn('one\\ntwo\\n')")).toBe('two');
  });
});

describe('putting an installation into place', () => {
  it.each([
    { replace: true, kept: 'new' },
    { replace: false, kept: 'other' }, // which another run has put there in the meantime
  ])('leaves one, and nothing beside it: replace $replace', ({ replace, kept }) => {
    const cache = mkdtempSync(join(tmpdir(), 'place-'));
    try {
      mkdirSync(join(cache, 'key/other'), { recursive: true });
      mkdirSync(join(cache, 'key.1/new'), { recursive: true });
      const paths = ['key.1', 'key'].map((name) => JSON.stringify(join(cache, name))).join(', ');
      evaluate('place-folder.mjs', `m.placeFolder(${paths}, { replace: ${replace} }) ?? null`);
      expect(readdirSync(cache)).toEqual(['key']);
      expect(readdirSync(join(cache, 'key'))).toEqual([kept]);
    } finally {
      rmSync(cache, { recursive: true });
    }
  });
});

describe('what killed runs left', () => {
  it('is removed when it is old and its process is gone', () => {
    const cache = mkdtempSync(join(tmpdir(), 'abandoned-'));
    const gone = spawnSync(process.execPath, ['-e', '']).pid;
    const names = ['key', `key.${gone}`, `key.${gone}.old`, `key.${process.pid}`, 'key2', `other.${gone}`];
    try {
      for (const name of names) {
        mkdirSync(join(cache, name));
        utimesSync(join(cache, name), 0, 0);
      }
      const remove = (nowMs: number): string[] => {
        evaluate('place-folder.mjs', `m.removeAbandoned(${JSON.stringify(join(cache, 'key'))}, ${nowMs}) ?? null`);
        return readdirSync(cache).sort();
      };
      expect(remove(3_599_000)).toEqual([...names].sort());
      expect(remove(3_601_000)).toEqual(['key', `key.${process.pid}`, 'key2', `other.${gone}`].sort());
      expect(existsSync(join(cache, 'key'))).toBe(true);
    } finally {
      rmSync(cache, { recursive: true });
    }
  });
});
