import type { Item } from '@gatehouse/domain';
import type { Hit, ItemIndex } from '@gatehouse/item-index';
import { createExactItemIndexStore } from '@gatehouse/item-index/exact';
import { canariesPart, readCanaries, restoreTwoTowerModel, type TwoTowerModel } from '@gatehouse/towers';

import { buildIndex, type BuiltIndex } from './build-index';
import { createModel, items, partsOf, useCpu } from './version.fixture';
import { IndexRefusedError } from './index-refused-error';
import { verifyIndex } from './verify-index';

describe('verifyIndex', () => {
  useCpu();

  const build = async (model: TwoTowerModel, catalogue: readonly Item[] = items) => {
    const canaries = readCanaries(partsOf(model, 20)[canariesPart]);
    const store = createExactItemIndexStore();
    const inputs = {
      version: '1-1',
      model,
      items: catalogue,
      catalogueOffset: 0,
      catalogueTimeMs: 0,
      canaries,
      k: 10,
      served: [],
    };
    return { built: await buildIndex(store, inputs), canaries };
  };
  const spoilt = (built: BuiltIndex, changes: Partial<ItemIndex>): BuiltIndex => ({
    ...built,
    index: Object.assign(Object.create(built.index) as ItemIndex, changes),
  });
  const refusal = (check: unknown): unknown =>
    expect.objectContaining({ name: 'IndexRefusedError', indexId: '1-1.1', check });

  it('passes a sound index and gives its recall', async () => {
    const model = createModel(1);
    const { built, canaries } = await build(model);
    expect(await verifyIndex(built, model, items, canaries, 64)).toBe(1);
  });

  it('refuses an index that lacks an item or has one too many', async () => {
    const model = createModel(1);
    const { built, canaries } = await build(model);
    await built.index.remove(['i03']);
    await expect(verifyIndex(built, model, items, canaries, 64)).rejects.toEqual(refusal('count'));
    await built.index.upsert([{ itemId: 'i03', vector: model.candidate.embed([items[3]]), attributes: {} }]);
    await expect(verifyIndex(built, model, items, canaries, 64)).resolves.toBe(1);
    await built.index.upsert([{ itemId: 'more', vector: model.candidate.embed([items[3]]), attributes: {} }]);
    await expect(verifyIndex(built, model, items, canaries, 64)).rejects.toEqual(refusal('count'));
  });

  it.each(['unheard-of', 'i09'])(
    'refuses an index in which %s, not available, stands for another item',
    async (itemId) => {
      const model = createModel(1);
      const { built, canaries } = await build(model);
      await built.index.remove(['i03']);
      await built.index.upsert([{ itemId, vector: model.candidate.embed([items[9]]), attributes: {} }]);
      await expect(verifyIndex(built, model, items, canaries, 64)).rejects.toEqual(refusal('item'));
    },
  );

  it('refuses one changed number of one vector, but not rounding', async () => {
    const model = createModel(1);
    const { built, canaries } = await build(model);
    const vector = model.candidate.embed([items[5]]);
    vector[0] += 2e-6;
    await built.index.upsert([{ itemId: items[5].itemId, vector, attributes: {} }]);
    await expect(verifyIndex(built, model, items, canaries, 64)).resolves.toBe(1);
    vector[0] += 1e-4;
    await built.index.upsert([{ itemId: items[5].itemId, vector, attributes: {} }]);
    await expect(verifyIndex(built, model, items, canaries, 64)).rejects.toEqual(refusal('vector of "i05"'));
  });

  it('refuses vectors that are not of length 1 though the schema says so', async () => {
    const model = createModel(1);
    const { built, canaries } = await build(model);
    const long: TwoTowerModel = {
      ...model,
      candidate: { ...model.candidate, embed: (inputs) => model.candidate.embed(inputs).map((x) => 2 * x) },
    };
    const points = await built.index.sample(100);
    await built.index.upsert(points.map((point) => ({ ...point, vector: point.vector.map((x) => 2 * x) })));
    await expect(verifyIndex(built, long, items, canaries, 64)).rejects.toEqual(
      refusal(expect.stringMatching(/^length of "i\d\d"$/)),
    );
    const dot: TwoTowerModel = {
      ...long,
      schema: { ...model.schema, score: { similarity: 'dot', temperature: 1, learnTemperature: false } },
    };
    await expect(verifyIndex(built, dot, items, canaries, 64)).resolves.toBe(1);
  });

  it('refuses recall below 0.95 and not above, naming what it found', async () => {
    const model = createModel(1);
    const { built, canaries } = await build(model);
    // 20 canaries ask for 10 items each: 10 misses are 0.95, 11 are below.
    const missing = (misses: number): BuiltIndex => {
      let left = misses;
      const search: ItemIndex['search'] = async (request) => {
        const hits: Hit[] = await built.index.search(request);
        return left-- > 0 ? hits.slice(1) : hits;
      };
      return spoilt(built, { search });
    };
    expect(await verifyIndex(missing(10), model, items, canaries, 64)).toBeCloseTo(0.95, 10);
    const verdict = verifyIndex(missing(11), model, items, canaries, 64);
    await expect(verdict).rejects.toThrow(IndexRefusedError);
    await expect(verdict).rejects.toThrow('canary recall: expected at least 0.95, found 0.9450');
  });

  it('takes items that tie at the last place for each other', async () => {
    // Cold items share one vector: an index may return any of them.
    const model = createModel(1);
    const cold = Array.from({ length: 50 }, (_, i): Item => ({ itemId: `cold${i}`, features: {}, available: true }));
    const { built, canaries } = await build(model, cold);
    const search: ItemIndex['search'] = async (request) =>
      (await built.index.search({ ...request, k: cold.length })).reverse().slice(0, request.k);
    expect(await verifyIndex(spoilt(built, { search }), model, cold, canaries, 64)).toBe(1);
  });

  it('notices that the index belongs to another version', async () => {
    const { built, canaries } = await build(createModel(1));
    const other = restoreTwoTowerModel(partsOf(createModel(2), 20));
    await expect(verifyIndex(built, other, items, canaries, 64)).rejects.toThrow(IndexRefusedError);
  });

  it('refuses an empty catalogue: it would replace an index that answers', async () => {
    const model = createModel(1);
    const { built, canaries } = await build(model, []);
    await expect(verifyIndex(built, model, [], canaries, 64)).rejects.toThrow(
      'expected at least one item, found an empty catalogue',
    );
  });
});
