import * as tf from '../../tf';
import type { LogitBlock, RowLoss, RowLossResult } from '../row-loss';
import { rowSum } from './numeric';

/** How a sampled softmax corrects. */
export interface SoftmaxForm {
  /** Whether log Q is subtracted from the shared logits. */
  readonly correctsShared: boolean;
  /** Whether log Q is subtracted from the positive's logit too. */
  readonly correctsPositive: boolean;
  /** Whether the positive is part of the denominator. */
  readonly positiveInDenominator: boolean;
}

/** The forms by name; see {@link createSoftmaxRowLoss}. */
export const softmaxForms = {
  standard: { correctsShared: true, correctsPositive: true, positiveInDenominator: true },
  corrected: { correctsShared: true, correctsPositive: false, positiveInDenominator: true },
  decoupled: { correctsShared: true, correctsPositive: false, positiveInDenominator: false },
  dpr: { correctsShared: false, correctsPositive: false, positiveInDenominator: true },
} as const satisfies Record<string, SoftmaxForm>;

/**
 * Sampled softmax with logQ correction.
 *
 * With logits `x_ij = s_ij / tau` and expected counts `Q_j`, the shared logits of row i are `l_ij = x_ij - log Q_j`, without its own
 * slot and without other occurrences of its positive (accidental hits); its hard negatives have `l_ih = x_ih`. Then
 * `L_i = log(sum_j exp(l_ij) + sum_h exp(l_ih) + [in denominator] exp(p_i)) - p_i`, where
 * - `standard`: `p_i = x_i - log Q_i`, in the denominator (Yi et al. 2019, eq. 3);
 * - `corrected`: `p_i = x_i`, in the denominator (Khrylchenko et al. 2025): the positive is not sampled;
 * - `decoupled`: `p_i = x_i`, not in the denominator (decoupled contrastive learning, Yeh et al. 2022);
 * - `dpr`: like `corrected` with `l_ij = x_ij`, no correction at all (Karpukhin et al. 2020, eq. 2).
 *
 * Gradients: `dL_i/dl_ij = softmax_ij` and `dL_i/dp_i = softmax_i,positive - 1`, where a positive outside of the denominator has
 * softmax 0.
 */
export function createSoftmaxRowLoss(form: SoftmaxForm): RowLoss {
  return {
    onScores: false,
    keepsAccidentalHits: false,
    usesShared: true,
    compute: (block) => softmax(block, form),
  };
}

function softmax(block: LogitBlock, form: SoftmaxForm): RowLossResult {
  const { hard } = block;
  const corrected = form.correctsShared ? tf.sub<tf.Tensor2D>(block.shared, block.logQ) : block.shared;
  const shared = tf.add<tf.Tensor2D>(corrected, block.sharedChoice.mask); // l_ij
  const hardLogits = hard && tf.add<tf.Tensor2D>(hard.logits, hard.choice.mask); // l_ih
  const p = form.correctsPositive ? tf.sub<tf.Tensor2D>(block.positive, block.positiveLogQ) : block.positive;

  let largest = tf.max<tf.Tensor2D>(shared, 1, true); // [rows, 1]
  if (hardLogits) largest = tf.maximum(largest, tf.max<tf.Tensor2D>(hardLogits, 1, true));
  if (form.positiveInDenominator) largest = tf.maximum(largest, p);
  const sharedTerms = tf.exp(tf.sub<tf.Tensor2D>(shared, largest));
  const hardTerms = hardLogits && tf.exp(tf.sub<tf.Tensor2D>(hardLogits, largest));
  let denominator = rowSum(sharedTerms);
  if (hardTerms) denominator = tf.add<tf.Tensor2D>(denominator, rowSum(hardTerms));
  const positiveTerm = form.positiveInDenominator && tf.exp(tf.sub<tf.Tensor2D>(p, largest));
  if (positiveTerm) denominator = tf.add<tf.Tensor2D>(denominator, positiveTerm);
  return {
    loss: tf.sub<tf.Tensor2D>(tf.add(largest, tf.log(denominator)), p),
    positive: positiveTerm
      ? tf.sub<tf.Tensor2D>(tf.div(positiveTerm, denominator), 1)
      : tf.fill<tf.Rank.R2>([block.positive.shape[0], 1], -1),
    shared: tf.div<tf.Tensor2D>(sharedTerms, denominator),
    hard: hardTerms && tf.div<tf.Tensor2D>(hardTerms, denominator),
  };
}
