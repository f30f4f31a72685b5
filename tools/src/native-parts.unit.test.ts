import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';

const folder = resolve(__dirname, '../native');

/** Evaluates an expression over the exports of a module of the setup, which is no TypeScript, and returns its JSON. */
function evaluate(module: string, expression: string): unknown {
  const program = `const m = await import(${JSON.stringify(`${folder}/${module}`)}); console.log(JSON.stringify(${expression}));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout);
}

describe('parts of setup:native', () => {
  it('ask for the CPU wheel alone, or for TensorFlow with CUDA', () => {
    const cpu = evaluate('build-on-wheel.mjs', "m.pipArguments('w', false, 'manylinux_2_17_x86_64')") as string[];
    expect(cpu.slice(-2)).toEqual(['--no-deps', 'tensorflow-cpu==2.19.1']);
    const arm = evaluate('build-on-wheel.mjs', "m.pipArguments('w', false, 'manylinux_2_17_aarch64')") as string[];
    expect(arm.slice(-2)).toEqual(['--no-deps', 'tensorflow==2.19.1']);
    const gpu = evaluate('build-on-wheel.mjs', "m.pipArguments('w', true, 'manylinux_2_17_x86_64')") as string[];
    expect(gpu.at(-1)).toBe('tensorflow[and-cuda]==2.19.1');
    expect(gpu).toContain('--platform=manylinux_2_28_x86_64');
  });

  it('find the libraries relative to the binding', () => {
    const args = evaluate(
      'build-on-wheel.mjs',
      "m.compilerArguments('/f', '/f/node_modules/@tensorflow/tfjs-node', false)",
    );
    expect(args).toContain('-Wl,-rpath,$ORIGIN/../../../../../site/tensorflow');
    expect(args).toContain('-DNAPI_VERSION=8');
  });

  it('say how much space there is, and how much is needed', () => {
    const check =
      "(() => { try { m.checkSpace('/tmp', false, () => 1e9); } catch (error) { return error.message; } })()";
    expect(evaluate('check-needs.mjs', check)).toBe(
      'space: expected 2.5 GB free under /tmp, found 1.0 GB. Free some, or set XDG_CACHE_HOME to a folder elsewhere.',
    );
  });
});
