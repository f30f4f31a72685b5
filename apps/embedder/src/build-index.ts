import type { Item, ModelVersionId } from '@gatehouse/domain';
import { type Hit, type ItemIndex, type ItemIndexStore, parseIndexId } from '@gatehouse/item-index';
import type { Canary, TwoTowerModel } from '@gatehouse/towers';

import { embedCatalogue } from './embed-items';
import { IndexRefusedError } from './index-refused-error';
import { createNearestToCanaries } from './nearest-canaries';

/** A finished index and what it must answer. */
export interface BuiltIndex {
  readonly index: ItemIndex;
  readonly count: number;
  /** Exact nearest items of each canary, best first, `[canaries][k]`. */
  readonly nearest: readonly (readonly Hit[])[];
}

/** What an index is built from. */
export interface IndexInputs {
  readonly version: ModelVersionId;
  readonly model: TwoTowerModel;
  readonly items: readonly Item[];
  /** Catalogue position that the items reflect. */
  readonly catalogueOffset: number;
  /** When they were read, in milliseconds since 1970. */
  readonly catalogueTimeMs: number;
  readonly canaries: readonly Canary[];
  readonly k: number;
  /** Prefix that searches go by first; 0: none. */
  readonly coarsePrefix?: number;
  /** Indexes that have served: retention decides about them. */
  readonly served: readonly string[];
}

/** Embeds the catalogue into a new index `<version>.<build>`, after dropping what a crash left of earlier builds. */
export async function buildIndex(store: ItemIndexStore, inputs: IndexInputs): Promise<BuiltIndex> {
  const { version, model, items, catalogueOffset, catalogueTimeMs, canaries, k } = inputs;
  const builds = (await store.list()).filter((id) => parseIndexId(id).modelVersion === version);
  const lastBuild = Math.max(0, ...builds.map((id) => parseIndexId(id).build));
  for (const abandoned of builds.filter((id) => !inputs.served.includes(id))) await store.drop(abandoned);
  const indexId = `${version}.${lastBuild + 1}`;
  const index = await store.create(indexId, {
    dimension: model.schema.outputDimension,
    metric: 'dot',
    ...coarseOf(inputs),
    attributes: model.schema.attributes,
    manifest: { modelVersion: version, catalogueOffset, catalogueTimeMs },
  });
  const nearest = createNearestToCanaries(canaries, k);
  let count = 0;
  try {
    for (const points of embedCatalogue(model, items)) {
      await index.upsert(points);
      nearest.add(points);
      count += points.length;
    }
    await index.seal();
  } catch (error) {
    await store.drop(indexId); // or half an index would stay, and count as a predecessor
    throw error;
  }
  return { index, count, nearest: nearest.best() };
}

/** A prefix that the loss has not trained would stand for nothing. */
function coarseOf({ version, model, coarsePrefix = 0 }: IndexInputs): { readonly coarse?: number } {
  if (coarsePrefix === 0) return {};
  const trained = model.schema.loss.matryoshka.slice(0, -1);
  if (trained.includes(coarsePrefix)) return { coarse: coarsePrefix };
  const expected =
    trained.length > 0 ? `one of loss.matryoshka: ${trained.join(', ')}` : '0, for loss.matryoshka has no prefix';
  throw new IndexRefusedError(version, 'index.coarsePrefix', expected, String(coarsePrefix));
}
