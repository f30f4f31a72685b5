import { join } from 'node:path';

import { bindingPackage } from './layout.mjs';
import { run } from './run.mjs';

/** Multiplies two matrices on the binding of a folder, in a process of its own: a broken binding may take its process with it. */
const program = `
const util = require('node:util');
util.isNullOrUndefined ??= (value) => value === null || value === undefined;
util.isArray ??= Array.isArray;
const tf = require('node:module').createRequire(process.argv[1] + '/')(process.argv[2]);
const a = tf.tensor2d([[1, 2], [3, 4]]);
if (tf.matMul(a, a).dataSync().join() !== '7,10,15,22') throw new Error('a matrix product is wrong');
console.log('TensorFlow ' + tf.backend().binding.TF_Version);
`;

/** @returns the version of TensorFlow as `found`, or why it does not work as `problem`. */
export function verify(folder, gpu) {
  const { status, output } = run(process.execPath, ['-e', program, join(folder, 'node_modules'), bindingPackage(gpu)], {
    timeoutMs: 120_000,
    env: { TF_CPP_MIN_LOG_LEVEL: '2' },
  });
  const found = /^TensorFlow [\w.-]+$/m.exec(output)?.[0];
  return status === 0 && found ? { found } : { problem: output || `status ${status}` };
}
