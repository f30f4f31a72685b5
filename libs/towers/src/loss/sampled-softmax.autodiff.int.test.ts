import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type * as TensorFlow from '@tensorflow/tfjs-core';
import { buildSync } from 'esbuild';

import { useBackend } from '../use-backend.fixture';
import type { PlainSoftmaxInput } from './plain-softmax.fixture';
import { randomSoftmaxInput } from './random-softmax-input.fixture';
import { runSoftmax } from './run-softmax.fixture';

/** The package's bundle for Node leaves the gradients of its operations out, so one that has them is made from its modules. */
function bundleWithGradients(file: string): typeof TensorFlow {
  const modules = ['@tensorflow/tfjs-core/dist/register_all_gradients', '@tensorflow/tfjs-backend-cpu/dist/index'];
  buildSync({
    stdin: {
      contents: `${modules.map((name) => `import '${name}';`).join('\n')}\nexport * from '@tensorflow/tfjs-core/dist/index';`,
      resolveDir: __dirname,
    },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    mainFields: ['module', 'main'],
    outfile: file,
    logLevel: 'error',
  });
  return createRequire(file)(file) as typeof TensorFlow;
}

/** The loss as its definition reads, for TensorFlow.js to differentiate. */
function definition(tf: typeof TensorFlow, input: PlainSoftmaxInput) {
  const { itemCodes, inBatch, weights, temperature, form } = input;
  const batch = weights.length;
  const hidden = weights.map((_, i) =>
    itemCodes.map((code, j) => (code === itemCodes[i] || (!inBatch && j < batch) ? -1e9 : 0)),
  );
  return (queries: TensorFlow.Tensor, candidates: TensorFlow.Tensor): TensorFlow.Scalar => {
    const scores = tf.div(tf.matMul(queries, candidates, false, true), temperature);
    const logits = tf.add(tf.sub(scores, tf.tensor1d([...input.logQ])), tf.tensor2d(hidden));
    const own = tf.slice(candidates, [0, 0], [batch, candidates.shape[1] ?? 0]);
    const score = tf.div(tf.sum(tf.mul(queries, own), 1, true), temperature);
    const positive =
      form === 'standard' ? tf.sub(score, tf.tensor2d([...input.logQ].slice(0, batch), [batch, 1])) : score;
    const all = form === 'decoupled' ? logits : tf.concat([logits, positive], 1);
    const losses = tf.sub(tf.logSumExp(all, 1, true), positive);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return tf.div(tf.sum(tf.mul(losses, tf.tensor2d([...weights], [batch, 1]))), total);
  };
}

describe('gradients of the sampled softmax', () => {
  useBackend('cpu');

  let folder: string;
  let tf: typeof TensorFlow;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gatehouse-autodiff-'));
    tf = bundleWithGradients(join(folder, 'tensorflow.cjs'));
    tf.env().set('IS_TEST', true);
    await tf.setBackend('cpu');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each(
    (['standard', 'corrected', 'decoupled'] as const).flatMap((form) =>
      [true, false].map((inBatch) => [form, inBatch ? 'in-batch and uniform' : 'uniform', inBatch] as const),
    ),
  )('agree with automatic differentiation: %s, %s negatives', (form, _, inBatch) => {
    const shape = { seed: 23, batch: 6, draws: 9, items: 8, dimension: 4, weighted: true };
    const input = randomSoftmaxInput(shape, { form, inBatch, temperature: 0.4 });
    const [queries, candidates] = [tf.tensor2d([...input.queries]), tf.tensor2d([...input.candidates])];
    const { value, grads } = tf.valueAndGrads(definition(tf, input))([queries, candidates]);
    const ours = runSoftmax(input);
    expect(ours.loss).toBeCloseTo(value.dataSync()[0], 5);
    const [byQuery, byCandidate] = grads.map((gradient) => Array.from(gradient.dataSync()));
    ours.queryGradient.flat().forEach((found, i) => expect(found).toBeCloseTo(byQuery[i], 5));
    ours.candidateGradient.flat().forEach((found, i) => expect(found).toBeCloseTo(byCandidate[i], 5));
  });
});
