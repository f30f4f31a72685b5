import type { ItemIndexStore } from '@gatehouse/item-index';
import { createExactItemIndexStore } from '@gatehouse/item-index/exact';
import { canariesPart, readCanaries } from '@gatehouse/towers';

import { buildIndex } from './build-index';
import { availableItems, createModel, dimension, items, partsOf, useCpu } from './version.fixture';

describe('buildIndex', () => {
  useCpu();

  const build = (store: ItemIndexStore, ...served: string[]) => {
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
      served,
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

  it('takes a prefix that the loss has trained, and refuses another', async () => {
    const model = createModel(1);
    const withPrefixes = {
      ...model,
      schema: { ...model.schema, loss: { ...model.schema.loss, matryoshka: [2, 4, dimension] } },
    };
    const inputs = {
      version: '1-7',
      items,
      catalogueOffset: 0,
      catalogueTimeMs: 0,
      canaries: [],
      k: 4,
      served: [],
    };
    const store = createExactItemIndexStore();
    const { index } = await buildIndex(store, { ...inputs, model: withPrefixes, coarsePrefix: 4 });
    expect(index.spec.coarse).toBe(4);
    const refused = buildIndex(store, { ...inputs, model: withPrefixes, coarsePrefix: 3 });
    await expect(refused).rejects.toThrow('index.coarsePrefix: expected one of loss.matryoshka: 2, 4, found 3');
    const untrained = buildIndex(store, { ...inputs, model, coarsePrefix: 4 });
    await expect(untrained).rejects.toThrow('expected 0, for loss.matryoshka has no prefix, found 4');
  });
});
