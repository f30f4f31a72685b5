/** The input of the sampled softmax in plain numbers; see `SampledSoftmaxInput`. */
export interface PlainSoftmaxInput {
  /** `[batch][dim]` */
  readonly queries: readonly number[][];
  /** `[candidates][dim]` */
  readonly candidates: readonly number[][];
  readonly logQ: readonly number[];
  readonly itemCodes: readonly number[];
  readonly weights: readonly number[];
  readonly temperature: number;
  readonly form: 'standard' | 'corrected' | 'decoupled';
  readonly inBatch: boolean;
}

/** Loss of each row in 64-bit numbers, `[batch]`: the definition written as loops. A row without other candidates has loss 0. */
export function plainRowLosses(input: PlainSoftmaxInput): number[] {
  const { queries, candidates, logQ, itemCodes, temperature, form, inBatch } = input;
  return queries.map((query, i) => {
    const score = (j: number): number => dot(query, candidates[j]) / temperature;
    const positive = form === 'standard' ? score(i) - logQ[i] : score(i);
    let others = 0; // sum of exp(l_ij)
    for (let j = inBatch ? 0 : queries.length; j < candidates.length; j++) {
      if (itemCodes[j] !== itemCodes[i]) others += Math.exp(score(j) - logQ[j]);
    }
    if (others === 0) return 0;
    return Math.log(others + (form === 'decoupled' ? 0 : Math.exp(positive))) - positive;
  });
}

/** Weighted mean of {@link plainRowLosses}. */
export function plainLoss(input: PlainSoftmaxInput): number {
  const { weights } = input;
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return plainRowLosses(input).reduce((sum, loss, i) => sum + (weights[i] / total) * loss, 0);
}

function dot(a: readonly number[], b: readonly number[]): number {
  let sum = 0;
  for (let d = 0; d < a.length; d++) sum += a[d] * b[d];
  return sum;
}
