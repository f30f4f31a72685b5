import type { LossInput } from './candidate-loss';

/** @throws RangeError naming what disagrees, expected and found. */
export function checkShapes(input: LossInput): void {
  const { queries, candidates, logQ, itemCodes, weights, hardPerRow, hardSlots, teacherScores, loss } = input;
  const [batch, dimension] = queries.shape;
  const [slots, candidateDimension] = candidates.shape;
  const mismatch = (what: string, expected: number | string, found: number): RangeError =>
    new RangeError(`candidate loss: ${what}: expected ${expected}, found ${found}`);
  if (candidateDimension !== dimension) throw mismatch('candidate dimension', dimension, candidateDimension);
  if (slots < batch) throw mismatch('candidates', `at least ${batch}`, slots);
  if (logQ.length < batch || logQ.length > slots) throw mismatch('logQ length', `${batch} to ${slots}`, logQ.length);
  if (itemCodes.length !== slots) throw mismatch('item codes', slots, itemCodes.length);
  if (weights.length !== batch) throw mismatch('weights', batch, weights.length);
  if (hardSlots.length !== batch * hardPerRow) throw mismatch('hard slots', batch * hardPerRow, hardSlots.length);
  const outside = hardSlots.find((slot) => slot >= slots);
  if (outside !== undefined) throw mismatch('hard slot', `below ${slots}`, outside);
  if (teacherScores && teacherScores.length !== batch * (1 + hardPerRow)) {
    throw mismatch("teacher's scores", batch * (1 + hardPerRow), teacherScores.length);
  }
  const longest = loss.matryoshka.at(-1);
  if (longest !== dimension) throw mismatch('longest prefix', dimension, longest ?? 0);
}
