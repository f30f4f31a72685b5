import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import util from 'node:util';

import * as core from '@tensorflow/tfjs-core';

import { backendNames, loadBackend, NoBackendError } from './backend';
import { loadNative } from './load-native';
import { nativeFolder } from './native-folder';
import { backendsUnderTest } from './use-backend.fixture';

describe('loading a backend', () => {
  beforeAll(() => {
    core.env().set('IS_TEST', true);
  });

  it('prefers native backends to wasm, and wasm to cpu', () => {
    expect(backendNames).toEqual(['native-gpu', 'native', 'wasm', 'cpu']);
  });

  it('takes the first that loads, and tries no other', async () => {
    const tried: string[] = [];
    const cpu = async (): Promise<string> => {
      tried.push('cpu');
      await import('@tensorflow/tfjs-backend-cpu');
      return 'cpu';
    };
    const broken = async (): Promise<string> => {
      tried.push('native-gpu');
      throw new Error('libcudart.so.12: cannot open shared object file');
    };
    const never = async (): Promise<string> => {
      tried.push('wasm');
      return 'wasm';
    };
    const onAbsent = jest.fn();
    const loaders = { 'native-gpu': broken, cpu, wasm: never };
    const loaded = await loadBackend(['native-gpu', 'native', 'cpu', 'wasm'], onAbsent, loaders);
    expect(loaded).toBe('cpu');
    expect(tried).toEqual(['native-gpu', 'cpu']);
    expect(onAbsent.mock.calls).toEqual([
      ['native-gpu', 'libcudart.so.12: cannot open shared object file'],
      ['native', 'not installed'],
    ]);
    expect(core.getBackend()).toBe('cpu');
  });

  it('says of every backend why it does not load', async () => {
    core.registerBackend('sick', () => {
      throw new Error('out of memory');
    });
    const loading = loadBackend(['native', 'wasm', 'cpu'], undefined, {
      wasm: async () => 'never registered',
      cpu: async () => 'sick',
    });
    await expect(loading).rejects.toBeInstanceOf(NoBackendError);
    await expect(loading).rejects.toMatchObject({
      failures: [
        'native: not installed',
        expect.stringMatching(/^wasm: .*never registered/),
        'cpu: does not initialise',
      ],
    });
    await expect(loading).rejects.toThrow(/^no TensorFlow\.js backend loads: native: not installed; wasm: /);
  });

  it('says so when there is nothing to choose from', async () => {
    await expect(loadBackend([])).rejects.toThrow(NoBackendError);
  });

  it('says how to install a native backend that is not there', () => {
    expect(() => loadNative('native', '/nowhere')).toThrow('not installed (npm run setup:native)');
    expect(() => loadNative('native-gpu', '/nowhere')).toThrow('not installed (npm run setup:native -- --gpu)');
  });

  describe('from a folder', () => {
    let folder: string;
    beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'native-'))));
    afterEach(() => rmSync(folder, { recursive: true }));

    /** Installs a package whose code is `source`. */
    const install = (name: 'tfjs-node' | 'tfjs-node-gpu', source: string): void => {
      const binding = join(folder, 'node_modules', '@tensorflow', name);
      mkdirSync(binding, { recursive: true });
      writeFileSync(join(binding, 'index.js'), source);
    };

    /** What the binding does when it loads: registers itself in the engine that all copies of tfjs-core share. */
    const registering = (backend: { isGPUPackage: boolean; isUsingGpuDevice: boolean }): string =>
      `globalThis._tfengine.registerBackend('tensorflow', () => (${JSON.stringify(backend)}), 3);
       globalThis._tfengine.registry.tensorflow = { ...${JSON.stringify(backend)}, dispose() {} };`;

    it('takes a binding that throws at load for absent', async () => {
      install('tfjs-node', "throw new Error('libtensorflow.so.2: cannot open shared object file');");
      const onAbsent = jest.fn();
      const native = async (): Promise<string> => loadNative('native', folder);
      const cpu = async (): Promise<string> => 'cpu';
      await import('@tensorflow/tfjs-backend-cpu');
      expect(await loadBackend(['native', 'cpu'], onAbsent, { native, cpu })).toBe('cpu');
      expect(onAbsent).toHaveBeenCalledWith('native', 'libtensorflow.so.2: cannot open shared object file');
    });

    it.each([
      { usesGpu: true, outcome: 'tensorflow' },
      { usesGpu: false, outcome: 'TensorFlow finds no GPU' },
    ])('takes native-gpu only with a GPU: $usesGpu', ({ usesGpu, outcome }) => {
      install('tfjs-node-gpu', registering({ isGPUPackage: true, isUsingGpuDevice: usesGpu }));
      const load = (): string => loadNative('native-gpu', folder);
      if (usesGpu) expect(load()).toBe(outcome);
      else expect(load).toThrow(outcome);
      expect(core.findBackend('tensorflow') !== null).toBe(usesGpu); // or `native` would get this one
      if (usesGpu) core.removeBackend('tensorflow');
    });

    it('does not take one binding for the other', () => {
      install('tfjs-node', registering({ isGPUPackage: false, isUsingGpuDevice: false }));
      install('tfjs-node-gpu', ''); // what is registered already stays
      expect(loadNative('native', folder)).toBe('tensorflow');
      expect(() => loadNative('native-gpu', folder)).toThrow('finds another TensorFlow in this process');
      core.removeBackend('tensorflow');
    });

    it('has what newer versions of Node took away when the binding loads', () => {
      install(
        'tfjs-node',
        `const util = require('util');
         if (!util.isNullOrUndefined(null) || util.isNullOrUndefined(0) || !util.isArray([]) || util.isArray({})) throw new Error();
         ${registering({ isGPUPackage: false, isUsingGpuDevice: false })}`,
      );
      const old = util as unknown as Record<string, unknown>;
      const kept = { isNullOrUndefined: old['isNullOrUndefined'], isArray: old['isArray'] };
      Object.assign(old, { isNullOrUndefined: undefined, isArray: undefined });
      try {
        expect(loadNative('native', folder)).toBe('tensorflow');
      } finally {
        Object.assign(old, kept);
        core.removeBackend('tensorflow');
      }
    });
  });

  describe('for numeric tests', () => {
    const kept = { ...process.env };
    beforeEach(() => (process.env['XDG_CACHE_HOME'] = mkdtempSync(join(tmpdir(), 'native-'))));
    afterEach(() => {
      rmSync(process.env['XDG_CACHE_HOME']!, { recursive: true });
      process.env = { ...kept };
    });

    it('is all that are installed', () => {
      process.env['GATEHOUSE_REQUIRE_NATIVE'] = '';
      expect(backendsUnderTest()).toEqual(['cpu', 'wasm']);
      mkdirSync(nativeFolder('native'), { recursive: true });
      expect(backendsUnderTest()).toEqual(['cpu', 'wasm', 'native']);
    });

    it('has to be native too where the environment says so', () => {
      process.env['GATEHOUSE_REQUIRE_NATIVE'] = '1';
      expect(() => backendsUnderTest()).toThrow(/expected the native backend in .*, found none: npm run setup:native/);
      mkdirSync(nativeFolder('native'), { recursive: true });
      expect(backendsUnderTest()).toEqual(['cpu', 'wasm', 'native']);
    });
  });

  it.each(backendsUnderTest())('loads %s, computes with it, and counts its tensors', async (name) => {
    expect(await loadBackend([name])).toBe(name);
    const before = core.memory().numTensors;
    const product = core.tidy(() => core.matMul(core.tensor2d([[1, 2]]), core.tensor2d([[3], [4]])).arraySync());
    expect(product).toEqual([[11]]);
    const kept = core.tensor1d([1]);
    expect(core.memory().numTensors).toBe(before + 1);
    kept.dispose();
  });

  it('loads wasm, computes with it, and leaves the errors of the process alone', async () => {
    const listeners = (): number[] =>
      ['uncaughtException', 'unhandledRejection'].map((event) => process.listenerCount(event));
    const before = listeners();
    expect(await loadBackend(['wasm', 'cpu'])).toBe('wasm');
    expect(core.getBackend()).toBe('wasm');
    const product = core.tidy(() => core.matMul(core.tensor2d([[1, 2]]), core.tensor2d([[3], [4]])).arraySync());
    expect(product).toEqual([[11]]);
    expect(listeners()).toEqual(before);
  });
});
