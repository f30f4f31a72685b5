import { createRandom, type ItemId } from '@gatehouse/domain';
import type { AttributeValue, ItemIndex } from '@gatehouse/item-index';
import { createExactItemIndexStore } from '@gatehouse/item-index/exact';

import { createFakePair } from '../retriever.fixture';
import type { SourceRequest } from './candidate-source';

/** An item of {@link indexOf}. */
export interface Indexed {
  readonly itemId: ItemId;
  readonly vector: readonly [number, number];
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
}

/** An exact index of items with vectors of two numbers. */
export async function indexOf(items: readonly Indexed[]): Promise<ItemIndex> {
  const attributes = { genre: 'string', year: 'number' } as const;
  const index = await createExactItemIndexStore().create('1-1.1', {
    dimension: 2,
    metric: 'dot',
    attributes,
    manifest: {},
  });
  await index.upsert(
    items.map((item) => ({
      itemId: item.itemId,
      vector: Float32Array.from(item.vector),
      attributes: item.attributes ?? {},
    })),
  );
  await index.seal();
  return index;
}

/** A request over an index that asks for nothing special. */
export function requestOver(index: ItemIndex, asked: Partial<SourceRequest> = {}): SourceRequest {
  return {
    pair: createFakePair('1-1', { index }),
    vectors: [Float32Array.of(1, 0)],
    history: [],
    context: {},
    limit: 10,
    exclude: new Set<ItemId>(),
    isSeen: () => false,
    seenCount: 0,
    signal: new AbortController().signal,
    ...asked,
  };
}

/** A history of items, oldest first, a second apart. */
export const historyOf = (...itemIds: readonly ItemId[]) =>
  itemIds.map((itemId, i) => ({ itemId, eventTimeMs: 1000 * i }));

/** Random choices of one seed. */
export function createDraws(seed: number) {
  const { next, below } = createRandom('test', seed);
  return {
    next,
    below,
    oneOf: <T>(values: readonly T[]): T => values[below(values.length)],
    shuffled: <T>(values: readonly T[]): T[] => {
      const left = [...values];
      for (let i = left.length - 1; i > 0; i--) {
        const j = below(i + 1);
        [left[i], left[j]] = [left[j], left[i]];
      }
      return left;
    },
  };
}
