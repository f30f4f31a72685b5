import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { buildSync } from 'esbuild';

import { backendsUnderTest } from './use-backend.fixture';

/** What an app does with a backend: loads it, multiplies, and counts its tensors. */
const program = `
import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from './backend';

void (async () => {
  const absent: string[] = [];
  const name = await loadBackend(JSON.parse(process.argv[2]), (backend, reason) => absent.push(backend + ': ' + reason));
  const kept = tf.tensor2d([[1, 2], [3, 4], [5, 6]]);
  const product = tf.tidy(() => tf.matMul(kept, kept, true, false).dataSync());
  const isFloat32 = product instanceof Float32Array;
  const { numTensors, numBytes } = tf.memory();
  console.log(JSON.stringify({ name, absent, product: [...product], isFloat32, numTensors, numBytes }));
  kept.dispose();
})();
`;

describe('a backend in an app, which is bundled', () => {
  let folder: string;
  let bundle: string;
  beforeAll(() => {
    const dist = join(__dirname, '../dist'); // within the workspace, or the bundle would not find its packages
    mkdirSync(dist, { recursive: true });
    folder = mkdtempSync(join(dist, 'app-'));
    bundle = join(folder, 'app.js');
    buildSync({
      stdin: { contents: program, resolveDir: __dirname, loader: 'ts' },
      bundle: true,
      platform: 'node',
      target: 'node20',
      format: 'cjs',
      packages: 'external', // as npm-packages-stay-outside.mjs does
      outfile: bundle,
      logLevel: 'error',
    });
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const run = (preference: readonly string[], env: Readonly<Record<string, string>> = {}) =>
    spawnSync(process.execPath, [bundle, JSON.stringify(preference)], {
      encoding: 'utf8',
      env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: undefined, ...env }, // which the tests set for themselves
    });

  // (1 3 5; 2 4 6) (1 2; 3 4; 5 6) = (35 44; 44 56).
  const computed = { product: [35, 44, 44, 56], isFloat32: true, numTensors: 1, numBytes: 24 };

  it.each(backendsUnderTest())('%s computes, and writes nothing among the lines of the log', (name) => {
    const { stdout, stderr } = run([name]);
    expect(JSON.parse(stdout)).toEqual({ name, absent: [], ...computed });
    expect(stderr).toBe('');
  });

  it('passes over what is not installed, and says why', () => {
    const { stdout, stderr } = run(['native-gpu', 'native', 'wasm', 'cpu'], { XDG_CACHE_HOME: folder });
    expect(JSON.parse(stdout)).toEqual({
      name: 'wasm',
      absent: [
        'native-gpu: not installed (npm run setup:native -- --gpu)',
        'native: not installed (npm run setup:native)',
      ],
      ...computed,
    });
    expect(stderr).toBe('');
  });

  it('passes over a binding that is no library, and says why', () => {
    const script = join(__dirname, '../../../tools/setup-native.mjs');
    const env = { ...process.env, XDG_CACHE_HOME: folder };
    const native = spawnSync(process.execPath, [script, '--print-folder'], { encoding: 'utf8', env }).stdout.trim();
    const binding = join(native, 'node_modules/@tensorflow/tfjs-node');
    mkdirSync(binding, { recursive: true });
    writeFileSync(join(binding, 'index.js'), "require('./tfjs_binding.node');");
    writeFileSync(join(binding, 'tfjs_binding.node'), 'no library');
    const { stdout, stderr } = run(['native', 'wasm'], { XDG_CACHE_HOME: folder });
    expect(JSON.parse(stdout)).toMatchObject({
      name: 'wasm',
      absent: [expect.stringMatching(/^native: .*tfjs_binding\.node/)],
    });
    expect(stderr).toBe('');
    rmSync(join(folder, 'gatehouse'), { recursive: true });
  });
});
