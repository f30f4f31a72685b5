import * as tf from '../tf';
import type { LossInput, LossResult } from './candidate-loss';
import { emptySums, type MeasureSums, measuresOf } from './loss-measures';
import { createRowChooser, type RowChoices } from './row-choices';
import type { Choice, LogitBlock, RowLoss, RowLossResult } from './row-loss';

/** Rows handled at once: bounds the `[rows, shared]` intermediates, whatever the batch. */
const rowsAtOnce = 256;

/**
 * Weighted mean of a row loss over the batch, block by block, and its gradient:
 * `dL/ds_ij = w_i / sum w * dL_i/dx_ij * dx/ds`, times the other side, where `x = s / tau`, or `x = s` for a loss on scores.
 */
export function blockwiseLoss(input: LossInput, rowLoss: RowLoss): LossResult {
  const { queries, candidates, weights, logQ, hardPerRow } = input;
  const [batch, dimension] = queries.shape;
  const [slots, shared] = [candidates.shape[0], logQ.length];
  const choose = createRowChooser({ ...input, ...rowLoss, batch, shared, teacherScores: teacherOf(input) });
  const step: Step = {
    input,
    rowLoss,
    shared: tf.slice(candidates, [0, 0], [shared, dimension]),
    byDimension: tf.transpose(tf.slice(candidates, [0, 0], [shared, dimension])), // [dim, shared]
    logQ: tf.tensor1d(logQ),
    scale: rowLoss.onScores ? 1 : 1 / input.temperature,
    totalWeight: weights.reduce((sum, weight) => sum + weight, 0),
    hardGradient: new Float32Array(hardPerRow === 0 ? 0 : slots * dimension),
    sums: emptySums(),
  };

  let [loss, scaleGradient] = [0, 0];
  const queryGradients: tf.Tensor2D[] = [];
  const positiveGradients: tf.Tensor2D[] = [];
  let sharedGradient: tf.Tensor2D | undefined;
  for (let from = 0; from < batch; from += rowsAtOnce) {
    const rows = Math.min(rowsAtOnce, batch - from);
    const block = tf.tidy(() => blockLoss(step, from, rows, choose(from, rows)));
    loss += block.loss.dataSync()[0];
    scaleGradient += block.scaleGradient.dataSync()[0];
    queryGradients.push(block.queries);
    positiveGradients.push(block.positives);
    if (block.shared)
      sharedGradient = sharedGradient ? tf.add<tf.Tensor2D>(sharedGradient, block.shared) : block.shared;
  }
  let candidateGradient = addToFirstRows(sharedGradient, joinRows(positiveGradients), slots);
  if (hardPerRow > 0) candidateGradient = tf.add(candidateGradient, tf.tensor2d(step.hardGradient, [slots, dimension]));
  return {
    loss,
    queryGradient: joinRows(queryGradients),
    candidateGradient,
    scaleGradient,
    ...(input.measure && { measures: measuresOf(step.sums) }),
  };
}

/** What all blocks of a step share. */
interface Step {
  readonly input: LossInput;
  readonly rowLoss: RowLoss;
  readonly shared: tf.Tensor2D;
  readonly byDimension: tf.Tensor2D;
  readonly logQ: tf.Tensor1D;
  /** dx/ds */
  readonly scale: number;
  readonly totalWeight: number;
  /** Gradient of the hard negatives' slots, added up over the blocks, `[slots, dim]`; empty without any. */
  readonly hardGradient: Float32Array;
  readonly sums: MeasureSums;
}

function blockLoss(step: Step, from: number, rows: number, choices: RowChoices) {
  const { input, rowLoss, scale, totalWeight } = step;
  const dimension = input.queries.shape[1];
  const q = tf.slice(input.queries, [from, 0], [rows, dimension]);
  const positives = tf.slice(input.candidates, [from, 0], [rows, dimension]);
  const hardVectors = gatherHard(step, choices, rows);
  const block = logitBlock(step, from, q, positives, hardVectors, choices);
  const result = rowLoss.compute(block);
  if (input.measure) measureBlock(step.sums, block, result, choices);

  const rowShares = tf.tensor2d(
    choices.isEmpty.map((isEmpty, i) => (isEmpty ? 0 : input.weights[from + i] / totalWeight)),
    [rows, 1],
  );
  const positive = tf.mul<tf.Tensor2D>(result.positive, rowShares); // dL/dx_i
  const shared = result.shared && tf.mul<tf.Tensor2D>(result.shared, rowShares); // dL/dx_ij
  const hard = result.hard && tf.mul<tf.Tensor2D>(result.hard, rowShares); // dL/dx_ih
  let queries = tf.mul<tf.Tensor2D>(positive, tf.mul(positives, scale));
  if (shared) queries = tf.add(queries, tf.matMul(tf.mul<tf.Tensor2D>(shared, scale), step.shared));
  if (hard && hardVectors) {
    const scaled = tf.mul<tf.Tensor2D>(hard, scale);
    const weighted = tf.mul<tf.Tensor3D>(tf.reshape(scaled, [rows, input.hardPerRow, 1]), hardVectors);
    queries = tf.add<tf.Tensor2D>(queries, tf.sum(weighted, 1));
    scatterHard(step, choices, q, scaled);
  }
  return {
    loss: tf.sum(tf.mul(result.loss, rowShares)),
    scaleGradient: rowLoss.onScores ? tf.scalar(0) : scaleGradientOf(block, positive, shared, hard),
    queries,
    positives: tf.mul<tf.Tensor2D>(positive, tf.mul(q, scale)),
    shared: shared && tf.matMul<tf.Tensor2D>(tf.transpose(tf.mul<tf.Tensor2D>(shared, scale)), q),
  };
}

function logitBlock(
  { input, rowLoss, byDimension, logQ, scale, shared }: Step,
  from: number,
  q: tf.Tensor2D,
  positives: tf.Tensor2D,
  hardVectors: tf.Tensor3D | undefined,
  choices: RowChoices,
): LogitBlock {
  const rows = q.shape[0];
  const { hardPerRow } = input;
  const hardLogits =
    hardVectors && tf.sum<tf.Tensor2D>(tf.mul(tf.reshape(q, [rows, 1, q.shape[1]]), tf.mul(hardVectors, scale)), 2);
  const teacher = teacherOf(input)?.slice(from * (1 + hardPerRow), (from + rows) * (1 + hardPerRow));
  return {
    positive: tf.mul<tf.Tensor2D>(tf.sum<tf.Tensor2D>(tf.mul(q, positives), 1, true), scale),
    shared: rowLoss.usesShared
      ? tf.mul<tf.Tensor2D>(tf.matMul(q, byDimension), scale)
      : tf.zeros<tf.Rank.R2>([rows, shared.shape[0]]),
    sharedChoice: choiceOf(choices.sharedMask, rows),
    logQ,
    positiveLogQ: tf.tensor2d(input.logQ.slice(from, from + rows), [rows, 1]),
    hard: hardLogits && { logits: hardLogits, choice: choiceOf(choices.hardMask, rows) },
    teacher:
      teacher &&
      tf.tensor2d(
        teacher.map((score) => (Number.isNaN(score) ? 0 : score)),
        [rows, 1 + hardPerRow],
      ),
  };
}

/** Only distillation looks at a teacher. */
function teacherOf({ loss, teacherScores }: LossInput): Float32Array | undefined {
  return loss.kind === 'margin-mse' || loss.kind === 'kl' ? teacherScores : undefined;
}

function choiceOf(values: Float32Array, rows: number): Choice {
  const mask = tf.tensor2d(values, [rows, values.length / rows]);
  return {
    mask,
    get counts() {
      return tf.cast<tf.Tensor2D>(tf.equal<tf.Tensor2D>(mask, 0), 'float32');
    },
  };
}

/** Vectors of the rows' hard negatives, `[rows, hard, dim]`. */
function gatherHard({ input }: Step, { hardSlots }: RowChoices, rows: number): tf.Tensor3D | undefined {
  if (input.hardPerRow === 0) return undefined;
  const gathered = tf.gather(input.candidates, tf.tensor1d(hardSlots, 'int32'));
  return tf.reshape(gathered, [rows, input.hardPerRow, input.candidates.shape[1]]);
}

/** Adds `dL/ds_ih q_i` to the gradient of each hard slot. In typed arrays: not every backend has a scatter. */
function scatterHard({ hardGradient }: Step, choices: RowChoices, q: tf.Tensor2D, hard: tf.Tensor2D): void {
  const [vectors, slopes] = [q.dataSync<'float32'>(), hard.dataSync<'float32'>()];
  const [rows, dimension] = q.shape;
  const perRow = slopes.length / rows;
  slopes.forEach((slope, k) => {
    if (choices.hardMask[k] !== 0) return;
    const from = Math.floor(k / perRow) * dimension;
    const to = choices.hardSlots[k] * dimension;
    for (let d = 0; d < dimension; d++) hardGradient[to + d] += slope * vectors[from + d];
  });
}

/** `sum dL/dx x`, because `dx / d log(1 / tau) = x`. */
function scaleGradientOf(
  block: LogitBlock,
  positive: tf.Tensor2D,
  shared: tf.Tensor2D | undefined,
  hard: tf.Tensor2D | undefined,
): tf.Scalar {
  let sum = tf.sum<tf.Scalar>(tf.mul(positive, block.positive));
  if (shared) sum = tf.add(sum, tf.sum(tf.mul(shared, block.shared)));
  if (hard && block.hard) sum = tf.add(sum, tf.sum(tf.mul(hard, block.hard.logits)));
  return sum;
}

function measureBlock(sums: MeasureSums, block: LogitBlock, result: RowLossResult, choices: RowChoices): void {
  const sides: { logits: tf.Tensor2D; mask: tf.Tensor2D; gradient: tf.Tensor2D | undefined }[] = [
    { logits: block.shared, mask: block.sharedChoice.mask, gradient: result.shared },
  ];
  if (block.hard) sides.push({ logits: block.hard.logits, mask: block.hard.choice.mask, gradient: result.hard });
  const used = sides.filter(({ gradient }) => gradient !== undefined);
  const largest = (logits: tf.Tensor2D, mask: tf.Tensor2D): number =>
    tf.max(tf.add<tf.Tensor2D>(logits, mask)).dataSync()[0];
  const positives = block.positive.dataSync<'float32'>();
  sums.logitMin = Math.min(sums.logitMin, ...positives);
  sums.logitMax = Math.max(sums.logitMax, ...positives);
  for (const { logits, mask } of used) {
    const [high, low] = [largest(logits, mask), -largest(tf.neg(logits), mask)];
    if (high > -1e29) [sums.logitMin, sums.logitMax] = [Math.min(sums.logitMin, low), Math.max(sums.logitMax, high)];
  }
  const totals = used.map(({ gradient }) => tf.sum(tf.abs(gradient as tf.Tensor2D), 1).dataSync<'float32'>());
  const squares = used.map(({ gradient }) => tf.sum(tf.square(gradient as tf.Tensor2D), 1).dataSync<'float32'>());
  choices.isEmpty.forEach((isEmpty, i) => {
    const total = totals.reduce((sum, side) => sum + side[i], 0);
    const square = squares.reduce((sum, side) => sum + side[i], 0);
    if (isEmpty || square === 0) return;
    sums.effectiveSum += (total * total) / square;
    sums.rows++;
  });
  sums.hits += choices.accidentalHits;
  sums.pairs += choices.sharedMask.length - choices.isEmpty.length; // a row's own slot apart
}

function joinRows(parts: readonly tf.Tensor2D[]): tf.Tensor2D {
  return parts.length === 1 ? parts[0] : tf.concat([...parts], 0);
}

/** `[slots, dim]` of `[shared, dim]`, plus `[batch, dim]` on its first rows, and zeros after its last. */
function addToFirstRows(shared: tf.Tensor2D | undefined, first: tf.Tensor2D, slots: number): tf.Tensor2D {
  const padded = (part: tf.Tensor2D): tf.Tensor2D =>
    part.shape[0] === slots
      ? part
      : tf.pad(part, [
          [0, slots - part.shape[0]],
          [0, 0],
        ]);
  return shared ? tf.add(padded(shared), padded(first)) : padded(first);
}
