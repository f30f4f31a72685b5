import * as tf from '../../tf';
import type { HardBlock, LogitBlock, RowLoss } from '../row-loss';
import { rowSum } from './numeric';

/**
 * Margin-MSE: the differences between positive and hard negatives become those of the teacher,
 * `L_i = mean over h of ((s_i - s_ih) - (t_i - t_ih))^2` on scores. Gradients: `dL_i/ds_ih = -2 e_ih / H_i` with
 * `e_ih = (s_i - s_ih) - (t_i - t_ih)`, and `dL_i/ds_i` is minus their sum.
 * Source: Hofstätter et al. 2020, "Improving efficient neural ranking models with cross-architecture knowledge
 * distillation", section 3.
 */
export const marginMse: RowLoss = {
  onScores: true,
  keepsAccidentalHits: false,
  usesShared: false,
  compute: (block) => {
    const { hard, teacher } = taught(block);
    const [positiveScore, hardScores] = splitTeacher(teacher);
    const margins = tf.sub<tf.Tensor2D>(block.positive, hard.logits);
    const wanted = tf.sub<tf.Tensor2D>(positiveScore, hardScores);
    const error = tf.mul<tf.Tensor2D>(hard.choice.counts, tf.sub(margins, wanted)); // e_ih, [rows, hard]
    const counted = tf.maximum<tf.Tensor2D>(rowSum(hard.choice.counts), 1);
    const slope = tf.div<tf.Tensor2D>(tf.mul(error, 2), counted);
    return {
      loss: tf.div<tf.Tensor2D>(rowSum(tf.mul(error, error)), counted),
      positive: rowSum(slope),
      hard: tf.neg(slope),
    };
  },
};

/**
 * Divergence of the student's softmax from the teacher's, over the positive and its hard negatives:
 * `L_i = sum_c T_c (log T_c - log S_c)`, `T = softmax(t)`, `S = softmax(x)`. Gradient: `dL_i/dx_c = S_c - T_c`.
 * Source: Hinton et al. 2015, section 2, as a divergence, so that a perfect student has loss 0.
 */
export const teacherDivergence: RowLoss = {
  onScores: false,
  keepsAccidentalHits: false,
  usesShared: false,
  compute: (block) => {
    const { hard, teacher } = taught(block);
    const rows = block.positive.shape[0];
    const mask = tf.concat([tf.zeros<tf.Rank.R2>([rows, 1]), hard.choice.mask], 1); // [rows, 1 + hard]
    const student = logSoftmax(tf.add<tf.Tensor2D>(tf.concat([block.positive, hard.logits], 1), mask));
    const wanted = logSoftmax(tf.add<tf.Tensor2D>(teacher, mask));
    const [s, t] = [tf.exp(student), tf.exp(wanted)];
    const gradient = tf.sub<tf.Tensor2D>(s, t);
    return {
      loss: rowSum(tf.mul(t, tf.sub(wanted, student))), // t is 0 where nothing counts, and both logarithms are finite there
      positive: tf.slice(gradient, [0, 0], [rows, 1]),
      hard: tf.slice(gradient, [0, 1]),
    };
  },
};

function logSoftmax(logits: tf.Tensor2D): tf.Tensor2D {
  const shifted = tf.sub<tf.Tensor2D>(logits, tf.max(logits, 1, true));
  return tf.sub<tf.Tensor2D>(shifted, tf.log(rowSum(tf.exp(shifted))));
}

/** Teacher's scores of the positive, `[rows, 1]`, and of the hard negatives, `[rows, hard]`. */
function splitTeacher(teacher: tf.Tensor2D): [tf.Tensor2D, tf.Tensor2D] {
  const rows = teacher.shape[0];
  return [tf.slice(teacher, [0, 0], [rows, 1]), tf.slice(teacher, [0, 1])];
}

function taught({ hard, teacher }: LogitBlock): { readonly hard: HardBlock; readonly teacher: tf.Tensor2D } {
  if (!hard || !teacher)
    throw new RangeError("distillation: expected hard negatives and a teacher's scores, found none");
  return { hard, teacher };
}
