import { type ModelReader, partsOf } from '@gatehouse/artifacts';
import type { ModelVersionId } from '@gatehouse/domain';
import {
  type Canary,
  canariesPart,
  canarySkew,
  readCanaries,
  restoreTwoTowerModel,
  servingParts,
  type TwoTowerModel,
} from '@gatehouse/towers';

import { IndexRefusedError } from './index-refused-error';

/** Largest difference of a recomputed canary vector. */
const maxSkew = 1e-5;

/** A model as the embedder uses it. */
export interface LoadedModel {
  readonly model: TwoTowerModel;
  readonly canaries: readonly Canary[];
}

/**
 * Loads a version and proves that it computes here what it computed where it was trained.
 *
 * @throws IndexRefusedError when a canary comes out another way; what the store throws.
 */
export async function loadModel(models: ModelReader, version: ModelVersionId): Promise<LoadedModel> {
  const wanted = servingParts(partsOf(await models.manifest(version)));
  const { parts } = await models.load(version, [...wanted, canariesPart]);
  const model = restoreTwoTowerModel(parts);
  const canaries = readCanaries(parts[canariesPart]);
  const skew = canarySkew(canaries, model.query);
  if (!(skew <= maxSkew)) throw new IndexRefusedError(version, 'canary skew', `at most ${maxSkew}`, String(skew));
  return { model, canaries };
}
