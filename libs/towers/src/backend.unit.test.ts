import * as core from '@tensorflow/tfjs-core';

import { backendNames, loadBackend, NoBackendError } from './backend';

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
    const loaded = await loadBackend(['native-gpu', 'native', 'cpu', 'wasm'], {
      'native-gpu': broken,
      cpu,
      wasm: never,
    });
    expect(loaded).toBe('cpu');
    expect(tried).toEqual(['native-gpu', 'cpu']);
    expect(core.getBackend()).toBe('cpu');
  });

  it('says of every backend why it does not load', async () => {
    core.registerBackend('sick', () => {
      throw new Error('out of memory');
    });
    const loading = loadBackend(['native', 'wasm', 'cpu'], {
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
