import type { ItemIndexStore } from '@gatehouse/item-index';
import { createExactItemIndexStore } from '@gatehouse/item-index/exact';
import { canariesPart, readCanaries } from '@gatehouse/towers';

import { buildIndex } from './build-index';
import { availableItems, createModel, dimension, items, partsOf, useCpu } from './version.fixture';

describe('buildIndex', () => {
  useCpu();

  const build = (store: ItemIndexStore, serving?: string) => {
    const model = createModel(1);
    const canaries = readCanaries(partsOf(model, 3)[canariesPart]);
    return buildIndex(store, {
      version: '1-7',
      model,
      items,
      catalogueOffset: 40,
      catalogueTimeMs: 5,
      canaries,
      k: 4,
      serving,
    });
  };
  const createWith = async (...indexIds: string[]): Promise<ItemIndexStore> => {
    const store = createExactItemIndexStore();
    for (const indexId of indexIds) {
      await store.create(indexId, { dimension: 1, metric: 'dot', attributes: {}, manifest: {} });
    }
    return store;
  };

  it('fills, seals and describes an index of the available items', async () => {
    const store = createExactItemIndexStore();
    const { index, count, nearest } = await build(store);
    expect(index.indexId).toBe('1-7.1');
    expect(count).toBe(availableItems.length);
    expect(index.spec).toEqual({
      dimension,
      metric: 'dot',
      attributes: { genre: 'string', year: 'number' },
      manifest: { modelVersion: '1-7', catalogueOffset: 40, catalogueTimeMs: 5 },
    });
    const opened = await store.open('1-7.1'); // sealed
    expect(await opened.count()).toBe(count);
    const canaries = readCanaries(partsOf(createModel(1), 3)[canariesPart]);
    for (const [c, { vector }] of canaries.entries()) {
      const ids = (await opened.search({ vector, k: 4 })).map(({ itemId }) => itemId);
      expect(nearest[c].map(({ itemId }) => itemId)).toEqual(ids);
    }
  });

  it('drops what was left of earlier builds of its version, and takes the next number', async () => {
    const store = await createWith('1-6.3', '1-7.1', '1-7.9', '1-70.2', '11-7.1');
    const { index } = await build(store);
    expect(index.indexId).toBe('1-7.10');
    expect(await store.list()).toEqual(['1-6.3', '1-7.10', '1-70.2', '11-7.1']);
  });

  it('leaves the build that serves', async () => {
    const store = await createWith('1-7.1', '1-7.2');
    await build(store, '1-7.1');
    expect(await store.list()).toEqual(['1-7.1', '1-7.3']);
  });
});
