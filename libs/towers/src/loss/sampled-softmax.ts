import * as tf from '../tf';

/** Stands for minus infinity in a logit: its exponential is 0, and differences with it stay finite. */
const excluded = -1e30;

/** Rows handled at once: bounds the `[rows, candidates]` intermediates, whatever the batch. */
const rowsAtOnce = 256;

/** Candidates of one step and their correction. */
export interface SampledSoftmaxInput {
  /** Query vectors, `[batch, dim]`. */
  readonly queries: tf.Tensor2D;
  /** Candidate vectors, `[candidates, dim]`; slot i < batch holds the positive of row i, the rest are shared draws. */
  readonly candidates: tf.Tensor2D;
  /** log of the expected number of times each slot's item occurs among the shared candidates, `[candidates]`. */
  readonly logQ: Float32Array;
  /** Equal numbers mean equal items, `[candidates]`. */
  readonly itemCodes: Int32Array;
  /** Weight of each row, `[batch]`. */
  readonly weights: Float32Array;
  readonly temperature: number;
  readonly form: 'standard' | 'corrected' | 'decoupled';
  /** Whether other rows' positives serve as candidates. */
  readonly inBatch: boolean;
}

/** Loss and its gradients. The tensors belong to the enclosing `tidy`. */
export interface SampledSoftmaxResult {
  /** Weighted mean over the rows. */
  readonly loss: number;
  /** `[batch, dim]` */
  readonly queryGradient: tf.Tensor2D;
  /** `[candidates, dim]` */
  readonly candidateGradient: tf.Tensor2D;
}

/**
 * Sampled softmax with logQ correction, and its gradient in closed form.
 *
 * With scores `s_ij = q_i . c_j`, temperature `tau` and expected counts `Q_j`, the shared logits of row i are
 * `l_ij = s_ij / tau - log Q_j`, without its own slot and without other occurrences of its positive (accidental hits). Then
 * `L_i = log(sum_j exp(l_ij) + [in denominator] exp(p_i)) - p_i`, and the loss is `sum_i w_i L_i / sum_i w_i`, where
 * - `standard`: `p_i = s_ii / tau - log Q_i`, in the denominator (Yi et al. 2019, eq. 3);
 * - `corrected`: `p_i = s_ii / tau`, in the denominator (Khrylchenko et al. 2025);
 * - `decoupled`: `p_i = s_ii / tau`, not in the denominator.
 *
 * A row without any shared candidate has nothing to learn from: in every form it adds neither loss nor gradient.
 *
 * Gradients: `dL_i/dl_ij = softmax_ij`, `dL_i/dp_i = softmax_i,positive - 1`, times the other side over `tau`.
 * Naive automatic differentiation of the same is 5 to 9 times slower on the wasm backend. Call within `tidy`.
 *
 * @throws RangeError when shapes disagree.
 * @example
 * const { loss } = tf.tidy(() => sampledSoftmax({ queries, candidates, logQ, itemCodes, weights, temperature: 0.1, form: 'corrected', inBatch: true }));
 */
export function sampledSoftmax(input: SampledSoftmaxInput): SampledSoftmaxResult {
  const { queries, candidates, weights } = input;
  const [batch, dimension] = queries.shape;
  checkShapes(input);
  const totalWeight = weights.reduce((sum, weight) => sum + weight, 0);
  const byDimension = tf.transpose(candidates); // [dim, candidates]
  const logQ = tf.tensor1d(input.logQ);

  let loss = 0;
  const queryGradients: tf.Tensor2D[] = [];
  let candidateGradient: tf.Tensor2D | undefined;
  const positiveGradients: tf.Tensor2D[] = [];
  for (let from = 0; from < batch; from += rowsAtOnce) {
    const rows = Math.min(rowsAtOnce, batch - from);
    const block = tf.tidy(() => {
      const q = tf.slice(queries, [from, 0], [rows, dimension]);
      const positives = tf.slice(candidates, [from, 0], [rows, dimension]);
      const { mask, isEmpty } = exclusions(input, from, rows);
      const share = tf.tensor2d(
        weights.slice(from, from + rows).map((weight, i) => (isEmpty[i] ? 0 : weight / totalWeight)),
        [rows, 1],
      );
      const { rowLoss, shared, positive } = rowSoftmax(input, q, positives, byDimension, logQ, mask, from);
      const sharedShare = tf.mul<tf.Tensor2D>(shared, tf.div(share, input.temperature)); // dLoss/ds_ij, [rows, candidates]
      const positiveShare = tf.mul<tf.Tensor2D>(positive, tf.div(share, input.temperature)); // dLoss/ds_ii, [rows, 1]
      return {
        loss: tf.sum(tf.mul(rowLoss, share)),
        queries: tf.add<tf.Tensor2D>(tf.matMul(sharedShare, candidates), tf.mul(positiveShare, positives)),
        candidates: tf.matMul<tf.Tensor2D>(tf.transpose(sharedShare), q),
        positives: tf.mul<tf.Tensor2D>(positiveShare, q),
      };
    });
    loss += block.loss.dataSync()[0];
    queryGradients.push(block.queries);
    positiveGradients.push(block.positives);
    candidateGradient = candidateGradient ? tf.add<tf.Tensor2D>(candidateGradient, block.candidates) : block.candidates;
  }
  return {
    loss,
    queryGradient: joinRows(queryGradients),
    candidateGradient: addToFirstRows(candidateGradient as tf.Tensor2D, joinRows(positiveGradients)),
  };
}

/** Losses and softmax terms of the rows `from ..`: `shared` is dL/dl `[rows, candidates]`, `positive` is dL/dp `[rows, 1]`. */
function rowSoftmax(
  input: SampledSoftmaxInput,
  q: tf.Tensor2D,
  positives: tf.Tensor2D,
  byDimension: tf.Tensor2D,
  logQ: tf.Tensor1D,
  mask: tf.Tensor2D,
  from: number,
): { rowLoss: tf.Tensor; shared: tf.Tensor; positive: tf.Tensor } {
  const rows = q.shape[0];
  const scores = tf.div(tf.matMul(q, byDimension), input.temperature);
  const logits = tf.add(tf.sub(scores, logQ), mask); // l_ij
  const uncorrected = tf.div(tf.sum(tf.mul(q, positives), 1, true), input.temperature); // s_ii / tau, [rows, 1]
  const p =
    input.form === 'standard'
      ? tf.sub(uncorrected, tf.tensor2d(input.logQ.slice(from, from + rows), [rows, 1]))
      : uncorrected;
  const inDenominator = input.form !== 'decoupled';
  const largest = inDenominator ? tf.maximum(tf.max(logits, 1, true), p) : tf.max(logits, 1, true);
  const sharedTerms = tf.exp(tf.sub(logits, largest));
  const positiveTerm = tf.mul(tf.exp(tf.sub(inDenominator ? p : largest, largest)), inDenominator ? 1 : 0);
  const denominator = tf.add(tf.sum(sharedTerms, 1, true), positiveTerm);
  return {
    rowLoss: tf.sub(tf.add(largest, tf.log(denominator)), p),
    shared: tf.div(sharedTerms, denominator),
    positive: tf.sub(tf.div(positiveTerm, denominator), 1),
  };
}

/**
 * `mask`, `[rows, candidates]`: minus infinity at the row's own slot, at accidental hits and, without in-batch negatives, at all
 * positives. `isEmpty`, `[rows]`: whether that leaves nothing of a row.
 */
function exclusions(
  { itemCodes, inBatch, weights }: SampledSoftmaxInput,
  from: number,
  rows: number,
): { mask: tf.Tensor2D; isEmpty: boolean[] } {
  const candidates = itemCodes.length;
  const mask = new Float32Array(rows * candidates);
  const isEmpty = new Array<boolean>(rows).fill(true);
  for (let i = 0; i < rows; i++) {
    const own = itemCodes[from + i];
    for (let j = 0; j < candidates; j++) {
      if (itemCodes[j] === own || (!inBatch && j < weights.length)) mask[i * candidates + j] = excluded;
      else isEmpty[i] = false;
    }
  }
  return { mask: tf.tensor2d(mask, [rows, candidates]), isEmpty };
}

function joinRows(parts: readonly tf.Tensor2D[]): tf.Tensor2D {
  return parts.length === 1 ? parts[0] : tf.concat([...parts], 0);
}

/** `all + [first; 0]`: adds `[batch, dim]` to the first rows of `[candidates, dim]`. */
function addToFirstRows(all: tf.Tensor2D, first: tf.Tensor2D): tf.Tensor2D {
  const [candidates, dimension] = all.shape;
  const batch = first.shape[0];
  const head = tf.add<tf.Tensor2D>(tf.slice(all, [0, 0], [batch, dimension]), first);
  if (candidates === batch) return head;
  return tf.concat([head, tf.slice(all, [batch, 0], [candidates - batch, dimension])], 0);
}

function checkShapes({ queries, candidates, logQ, itemCodes, weights }: SampledSoftmaxInput): void {
  const [batch, dimension] = queries.shape;
  const [count, candidateDimension] = candidates.shape;
  const mismatch = (what: string, expected: number | string, found: number): RangeError =>
    new RangeError(`sampled softmax: ${what}: expected ${expected}, found ${found}`);
  if (candidateDimension !== dimension) throw mismatch('candidate dimension', dimension, candidateDimension);
  if (count < batch) throw mismatch('candidates', `at least ${batch}`, count);
  if (logQ.length !== count) throw mismatch('logQ length', count, logQ.length);
  if (itemCodes.length !== count) throw mismatch('item codes', count, itemCodes.length);
  if (weights.length !== batch) throw mismatch('weights', batch, weights.length);
}
