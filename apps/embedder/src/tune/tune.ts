import type { Item, ModelVersionId } from '@gatehouse/domain';
import type { ItemIndexStore } from '@gatehouse/item-index';
import type { Clock } from '@gatehouse/runtime';
import type { Canary, TwoTowerModel } from '@gatehouse/towers';

import { buildIndex } from '../build-index';
import { type SearchCost, tuneSearch } from '../tune-search';

/** One way to keep and search the vectors. */
export interface Variant {
  readonly quantization: 'none' | 'scalar' | 'binary';
  /** 0: none. */
  readonly coarsePrefix: number;
  /** Where an index of this kind can be made; nothing else may be in it. */
  readonly store: ItemIndexStore;
}

/** What one variant came to. */
export interface VariantCost extends SearchCost {
  readonly quantization: Variant['quantization'];
  readonly coarsePrefix: number;
  /** Estimated memory of vectors and graph, in MB. */
  readonly megabytes: number;
  readonly meetsGoal: boolean;
}

/** Collaborators of {@link tuneVariants}. */
export interface Tuning {
  readonly version: ModelVersionId;
  readonly model: TwoTowerModel;
  readonly canaries: readonly Canary[];
  readonly items: readonly Item[];
  readonly goal: { readonly k: number; readonly recall: number };
  /** Neighbours of a node of the graph. */
  readonly connectivity: number;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly onVariant: (cost: VariantCost, done: number) => void;
}

/** Builds an index of each variant from the same vectors, finds the cheapest width of search that meets the goal, and drops it again. */
export async function tuneVariants(variants: readonly Variant[], tuning: Tuning): Promise<VariantCost[]> {
  const { version, model, canaries, items, goal, connectivity, clock, onVariant } = tuning;
  const costs: VariantCost[] = [];
  for (const { quantization, coarsePrefix, store } of variants) {
    const inputs = { version, model, items, catalogueOffset: 0, catalogueTimeMs: 0, canaries, k: goal.k, served: [] };
    const { index, count, nearest } = await buildIndex(store, { ...inputs, coarsePrefix });
    try {
      const { curve } = await tuneSearch(index, canaries, nearest, goal, clock);
      const cost = {
        ...(curve[curve.length - 1]),
        quantization,
        coarsePrefix,
        megabytes:
          (count * bytesOfPoint(model.schema.outputDimension, { quantization, coarsePrefix }, connectivity)) / 1e6,
        meetsGoal: (curve[curve.length - 1]).recall >= goal.recall,
      };
      costs.push(cost);
      onVariant(cost, costs.length);
    } finally {
      await index.close();
      await store.drop(index.indexId);
    }
  }
  return costs;
}

/** The fastest variant that meets the goal; undefined: none does. */
export function cheapestOf(costs: readonly VariantCost[]): VariantCost | undefined {
  return costs.filter(({ meetsGoal }) => meetsGoal).sort((a, b) => a.ms - b.ms || a.megabytes - b.megabytes)[0];
}

const bytesOfNumber = { none: 4, scalar: 1, binary: 1 / 8 };

/**
 * Bytes of one point: whole vectors in 32 bits, links to twice the connectivity of neighbours on the lowest level of the graph, and what a
 * first look goes by, where that is something else.
 *
 * @example bytesOfPoint(64, { quantization: 'none', coarsePrefix: 0 }, 16); // 64 * 4 + 2 * 16 * 4 = 384
 */
export function bytesOfPoint(
  dimension: number,
  { quantization, coarsePrefix }: Pick<Variant, 'quantization' | 'coarsePrefix'>,
  connectivity: number,
): number {
  const prefix = coarsePrefix > 0 ? 4 * coarsePrefix : 0;
  const copy = quantization === 'none' ? 0 : bytesOfNumber[quantization] * (coarsePrefix || dimension);
  return 4 * dimension + prefix + copy + 2 * connectivity * 4;
}
