import { type Tensor, tidy } from '@tensorflow/tfjs-core';

/** TensorFlow.js as the towers use it: the one import of it in the workspace. Backends register in `backend.ts`. */
export {
  abs,
  add,
  cast,
  concat,
  div,
  equal,
  exp,
  fill,
  gather,
  log,
  matMul,
  max,
  maximum,
  memory,
  min,
  mul,
  neg,
  pad,
  type Rank,
  relu,
  reshape,
  rsqrt,
  scalar,
  type Scalar,
  setBackend,
  sigmoid,
  slice,
  square,
  step,
  sub,
  sum,
  type Tensor,
  tensor1d,
  type Tensor1D,
  tensor2d,
  type Tensor2D,
  type Tensor3D,
  tidy,
  transpose,
  zeros,
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
