import type { LossSpec } from '@gatehouse/schema';

/** The input of a candidate loss in plain numbers; see `LossInput`. */
export interface PlainLossInput {
  /** `[batch][dim]` */
  readonly queries: readonly number[][];
  /** `[slots][dim]` */
  readonly candidates: readonly number[][];
  /** Of the shared slots. */
  readonly logQ: readonly number[];
  readonly itemCodes: readonly number[];
  readonly weights: readonly number[];
  /** Slots of each row's hard negatives, all of one length; -1: none. */
  readonly hard: readonly number[][];
  /** A teacher's scores of the positive, then of the hard negatives; NaN: unknown. */
  readonly teacher: readonly number[][];
  readonly temperature: number;
  readonly similarity: 'cosine' | 'dot';
  readonly inBatch: boolean;
  readonly loss: LossSpec;
}

/** The loss in 64-bit numbers: the definitions written as loops, row by row. */
export function plainLoss(input: PlainLossInput): number {
  return input.loss.matryoshka
    .map((length) => {
      const cut = (vectors: readonly number[][]): number[][] =>
        length === vectors[0].length
          ? [...vectors]
          : vectors.map((vector) => prefix(vector, length, input.similarity === 'cosine'));
      return lossOfVectors({ ...input, queries: cut(input.queries), candidates: cut(input.candidates) });
    })
    .reduce((sum, loss) => sum + loss, 0);
}

function prefix(vector: readonly number[], length: number, normalise: boolean): number[] {
  const head = vector.slice(0, length);
  return normalise ? head.map((value) => value / Math.hypot(...head)) : head;
}

function lossOfVectors(input: PlainLossInput): number {
  const total = input.weights.reduce((sum, weight) => sum + weight, 0);
  const mean = (rowLosses: readonly number[]): number =>
    rowLosses.reduce((sum, loss, i) => sum + (input.weights[i] / total) * loss, 0);
  const rows = mean(input.queries.map((_, i) => rowLoss(input, i)));
  if (input.loss.kind !== 'info-nce') return rows;
  // Each positive against the queries of the batch, those apart that chose the same item.
  const { queries, candidates, itemCodes, temperature } = input;
  const columns = queries.map((_, i) => {
    const x = (q: number): number => dot(queries[q], candidates[i]) / temperature;
    const others = queries.flatMap((_query, q) => (itemCodes[q] === itemCodes[i] ? [] : [x(q)]));
    return others.length === 0 ? 0 : logSumExp([...others, x(i)]) - x(i);
  });
  return (rows + mean(columns)) / 2;
}

interface Negative {
  /** Score. */
  readonly s: number;
  readonly logQ: number;
  readonly teacher: number;
}

function rowLoss(input: PlainLossInput, i: number): number {
  const { queries, candidates, logQ, itemCodes, temperature, inBatch, loss } = input;
  const score = (slot: number): number => dot(queries[i], candidates[slot]);
  const hardSlots = input.hard[i].filter(
    (slot, k, all) =>
      slot >= 0 &&
      itemCodes[slot] !== itemCodes[i] &&
      all.findIndex((other) => other >= 0 && itemCodes[other] === itemCodes[slot]) === k,
  );
  const hard: Negative[] = hardSlots.map((slot) => ({
    s: score(slot),
    logQ: 0,
    teacher: input.teacher[i][1 + input.hard[i].indexOf(slot)],
  }));
  const hardCodes = new Set(hardSlots.map((slot) => itemCodes[slot]));
  const shared: Negative[] = logQ.flatMap((each, slot) => {
    const isHit = itemCodes[slot] === itemCodes[i];
    const hides = slot === i || (isHit && loss.kind !== 'nce') || hardCodes.has(itemCodes[slot]);
    return hides || (!inBatch && slot < queries.length) ? [] : [{ s: score(slot), logQ: each, teacher: NaN }];
  });
  const t = temperature;
  const [s, teacher] = [score(i), input.teacher[i][0]];
  if (loss.kind === 'margin-mse' || loss.kind === 'kl') {
    const known = hard.filter((negative) => !Number.isNaN(negative.teacher + teacher));
    if (known.length === 0) return 0;
    if (loss.kind === 'margin-mse') {
      return average(known.map((negative) => (s - negative.s - (teacher - negative.teacher)) ** 2));
    }
    const students = [s, ...known.map((negative) => negative.s)].map((each) => each / t);
    const teachers = [teacher, ...known.map((negative) => negative.teacher)];
    return teachers.reduce((sum, each, c) => {
      const [logT, logS] = [each - logSumExp(teachers), students[c] - logSumExp(students)];
      return sum + Math.exp(logT) * (logT - logS);
    }, 0);
  }
  if (shared.length + hard.length === 0) return 0;
  const negatives = [...shared, ...hard];
  const softmax = (positive: number, corrects: boolean, withPositive: boolean): number => {
    const logits = negatives.map((negative) => negative.s / t - (corrects ? negative.logQ : 0));
    return logSumExp(withPositive ? [...logits, positive] : logits) - positive;
  };
  const weightedMean = (f: (negative: Negative) => number): number => {
    const weights = negatives.map((negative) => Math.exp(-negative.logQ));
    const sum = weights.reduce((all, weight) => all + weight, 0);
    return negatives.reduce((all, negative, n) => all + (weights[n] / sum) * f(negative), 0);
  };
  switch (loss.kind) {
    case 'softmax':
      return softmax(s / t - (loss.form === 'standard' ? logQ[i] : 0), true, loss.form !== 'decoupled');
    case 'info-nce':
      return softmax(s / t, true, true);
    case 'dpr':
      return softmax(s / t, false, true);
    case 'bpr':
      return weightedMean((negative) => Math.log1p(Math.exp((negative.s - s) / t)));
    case 'hinge':
      return weightedMean((negative) => Math.max(0, loss.margin - s + negative.s));
    case 'triplet':
      return Math.max(0, loss.margin + 2 * (Math.max(...negatives.map((negative) => negative.s)) - s));
    case 'binary-cross-entropy':
      return Math.log1p(Math.exp(-s / t)) + weightedMean((negative) => Math.log1p(Math.exp(negative.s / t)));
    case 'nce':
      return negatives.reduce(
        (sum, negative) => sum + Math.log1p(Math.exp(negative.s / t - negative.logQ)),
        Math.log1p(Math.exp(-(s / t - logQ[i]))),
      );
  }
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function logSumExp(values: readonly number[]): number {
  const largest = Math.max(...values);
  return largest + Math.log(values.reduce((sum, value) => sum + Math.exp(value - largest), 0));
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, d) => sum + value * b[d], 0);
}
