import { join } from 'node:path';

import { bindingPackage } from './layout.mjs';

/** Multiplies two matrices on the binding of a folder, in a process of its own: a broken binding may take its process with it. */
const program = `
const util = require('node:util');
util.isNullOrUndefined = (value) => value === null || value === undefined; // 22 warns of it, 23 has removed it
util.isArray = Array.isArray;
const tf = require('node:module').createRequire(process.argv[1] + '/')(process.argv[2]);
const a = tf.tensor2d([[1, 2], [3, 4]]);
const product = tf.matMul(a, a).dataSync().join();
if (product !== '7,10,15,22') throw new Error('expected the matrix product 7,10,15,22, found ' + product);
console.log('verified ' + JSON.stringify({ version: tf.backend().binding.TF_Version, usesGpu: tf.backend().isUsingGpuDevice }));
`;

/** @returns version of TensorFlow and whether it computes on a GPU, or why it does not work as `problem`. */
export async function verify({ run }, folder, gpu) {
  const args = ['-e', program, join(folder, 'node_modules'), bindingPackage(gpu)];
  const { status, output } = await run(process.execPath, args, {
    timeoutMs: 120_000,
    env: { TF_CPP_MIN_LOG_LEVEL: '2' },
  });
  const verified = /^verified (.*)$/m.exec(output)?.[1];
  return status === 0 && verified ? JSON.parse(verified) : { problem: output || `status ${status}` };
}
