import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createOffThreadLoader, LoadError } from './load-off-thread';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'load-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** A loader whose worker runs `code`. */
async function loaderOf(code: string) {
  const file = join(folder, 'worker.js');
  await writeFile(file, `const { parentPort, workerData } = require('node:worker_threads'); ${code}`);
  return createOffThreadLoader(file, 'var/artifacts');
}

test('the worker gets the order, and its answer comes back in shared memory', async () => {
  const load = await loaderOf(`
    const data = new Float32Array(new SharedArrayBuffer(8));
    data.set([1, 2]);
    const tensors = { weights: { dtype: 'F32', shape: [2], data } };
    parentPort.postMessage({ loaded: { manifest: workerData, parts: { tower: { tensors, metadata: null } } } });
  `);
  const { manifest, parts } = await load('1-2', ['tower', 'canaries']);
  expect(manifest).toEqual({ folder: 'var/artifacts', version: '1-2', parts: ['tower', 'canaries'] });
  expect(parts['tower'].tensors['weights'].data).toEqual(Float32Array.of(1, 2));
  expect(parts['tower'].tensors['weights'].data.buffer.constructor.name).toBe('SharedArrayBuffer');
});

test.each([
  [
    'a failure',
    `parentPort.postMessage({ failure: 'tower: expected sha256 ab, found cd' })`,
    'expected sha256 ab, found cd',
  ],
  ['an exception', `throw new Error('out of memory')`, 'out of memory'],
  ['an early end', `process.exit(3)`, 'loader ended with code 3 before it answered'],
])('%s of the worker rejects with its reason', async (_, code, reason) => {
  const load = await loaderOf(code);
  await expect(load('1-2', [])).rejects.toThrow(reason);
});

test('the error names the version', async () => {
  const load = await loaderOf(`parentPort.postMessage({ failure: 'damaged' })`);
  await expect(load('1-2', [])).rejects.toMatchObject({ constructor: LoadError, version: '1-2' });
});
