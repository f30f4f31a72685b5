import { type Tensor, tidy } from '@tensorflow/tfjs-core';

/** TensorFlow.js as the towers use it: the one import of it in the workspace. Backends register in `backend.ts`. */
export {
  add,
  concat,
  div,
  exp,
  log,
  matMul,
  max,
  maximum,
  memory,
  mul,
  relu,
  rsqrt,
  setBackend,
  slice,
  step,
  sub,
  sum,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  tensor1d,
  tensor2d,
  tidy,
  transpose,
} from '@tensorflow/tfjs-core';

/**
 * The values of a computed tensor, which is freed with all others that the computation made.
 * (A typed array must not be the result of `tidy` itself: it would look for tensors in every element.)
 */
export function valuesOf(compute: () => Tensor): Float32Array {
  let values = new Float32Array(0);
  tidy(() => {
    values = compute().dataSync<'float32'>() as Float32Array<ArrayBuffer>;
  });
  return values;
}
