import type { Item } from '@gatehouse/domain';
import { indexRecall } from '@gatehouse/evaluation';
import type { Canary, TwoTowerModel } from '@gatehouse/towers';
import type { ItemIndex } from '@gatehouse/item-index';

import type { BuiltIndex } from './build-index';
import { IndexRefusedError } from './index-refused-error';

/** Stored vectors that are compared with freshly embedded ones. */
const vectorsCompared = 100;
/** Largest difference of a stored vector, relative to a length above 1: chunks of another size may be rounded another way. */
const vectorTolerance = 1e-5;
/** How far the length of a normalised vector may be from 1. */
const normTolerance = 1e-3;
/** Least mean share of the exact nearest items that the index must find. */
const minCanaryRecall = 0.95;
const k = 10;

/**
 * Checks a built index against what it must hold and answer.
 *
 * @param effort width of the searches.
 * @returns the mean recall of the index over the canaries.
 * @throws IndexRefusedError naming the check, expected and found.
 */
export async function verifyIndex(
  { index, count, nearest }: BuiltIndex,
  model: TwoTowerModel,
  items: readonly Item[],
  canaries: readonly Canary[],
  effort: number,
): Promise<number> {
  if (count === 0) throw new IndexRefusedError(index.indexId, 'count', 'at least one item', 'an empty catalogue');
  const found = await index.count();
  if (found !== count) throw new IndexRefusedError(index.indexId, 'count', String(count), String(found));
  await verifyVectors(index, model, items);
  const recall = await canaryRecall(index, canaries, nearest, effort);
  if (!(recall >= minCanaryRecall)) {
    throw new IndexRefusedError(index.indexId, 'canary recall', `at least ${minCanaryRecall}`, recall.toFixed(4));
  }
  return recall;
}

async function verifyVectors(
  index: ItemIndex,
  { candidate, schema }: TwoTowerModel,
  items: readonly Item[],
): Promise<void> {
  const refuse = (check: string, expected: string, found: string): IndexRefusedError =>
    new IndexRefusedError(index.indexId, check, expected, found);
  const byId = new Map(items.filter(({ available }) => available).map((item) => [item.itemId, item]));
  const sample = (await index.sample(vectorsCompared)).map(({ itemId, vector }) => {
    const item = byId.get(itemId);
    if (!item) throw refuse('item', 'an available item of the catalogue', JSON.stringify(itemId));
    return { item, vector };
  });
  const dimension = schema.outputDimension;
  const embedded = candidate.embed(sample.map(({ item }) => item)); // [sample, dimension]
  for (const [i, { item, vector }] of sample.entries()) {
    const expected = embedded.subarray(i * dimension, (i + 1) * dimension);
    const difference = Math.max(...expected.map((value, d) => Math.abs(value - vector[d])));
    const tolerance = vectorTolerance * Math.max(1, Math.hypot(...expected));
    if (!(difference <= tolerance))
      throw refuse(`vector of ${JSON.stringify(item.itemId)}`, `within ${tolerance}`, String(difference));
    const norm = Math.hypot(...vector);
    if (schema.score.similarity === 'cosine' && !(Math.abs(norm - 1) <= normTolerance)) {
      throw refuse(`length of ${JSON.stringify(item.itemId)}`, '1', String(norm));
    }
  }
}

/** Mean recall over the canaries; items that tie at the last place stand for each other, as those without a row of their own do. */
async function canaryRecall(
  index: ItemIndex,
  canaries: readonly Canary[],
  nearest: BuiltIndex['nearest'],
  effort: number,
): Promise<number> {
  let sum = 0;
  for (const [c, { vector }] of canaries.entries()) {
    sum += indexRecall(await index.search({ vector, k, effort }), nearest[c], k);
  }
  return canaries.length === 0 ? 1 : sum / canaries.length;
}
