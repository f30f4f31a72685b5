import * as tf from '../tf';
import { blockwiseLoss } from './blockwise-loss';
import type { LossInput, LossResult } from './candidate-loss';
import type { RowLoss } from './row-loss';

/**
 * Symmetric InfoNCE: the mean of two softmax losses, each query against all candidates, and each positive against the queries of the
 * batch. The first is the `corrected` softmax with logQ. The second is not corrected, for queries are drawn as they come; queries that
 * chose the same item are no negatives of it.
 * Source: van den Oord et al. 2018, eq. 4; both directions: Radford et al. 2021 (CLIP), figure 3.
 */
export function symmetricLoss(input: LossInput, rowLoss: RowLoss): LossResult {
  const [batch, dimension] = input.queries.shape;
  const slots = input.candidates.shape[0];
  const forward = blockwiseLoss(input, rowLoss);
  const backward = blockwiseLoss(
    {
      ...input,
      queries: tf.slice(input.candidates, [0, 0], [batch, dimension]),
      candidates: input.queries,
      logQ: new Float32Array(batch),
      itemCodes: input.itemCodes.slice(0, batch),
      hardPerRow: 0,
      hardSlots: new Int32Array(0),
      measure: false,
    },
    rowLoss,
  );
  const half = (a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor2D => tf.mul(tf.add(a, b), 0.5);
  const positives = tf.pad<tf.Tensor2D>(backward.queryGradient, [
    [0, slots - batch],
    [0, 0],
  ]);
  return {
    loss: (forward.loss + backward.loss) / 2,
    queryGradient: half(forward.queryGradient, backward.candidateGradient),
    candidateGradient: half(forward.candidateGradient, positives),
    scaleGradient: (forward.scaleGradient + backward.scaleGradient) / 2,
    measures: forward.measures,
  };
}
