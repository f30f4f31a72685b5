import { FencedError } from '@gatehouse/artifacts';
import type { Item } from '@gatehouse/domain';
import type { Change } from '@gatehouse/events';
import { createExactItemIndexStore } from '@gatehouse/item-index/exact';
import { NonFiniteVectorError } from '@gatehouse/item-index';

import { createLiveIndex } from './live-index';
import { createMemoryLogger, createModel, dimension, items, useCpu } from './version.fixture';

const change = (offset: number, item: Item | string): Change<Item> =>
  typeof item === 'string' ? { key: item, value: null, offset } : { key: item.itemId, value: item, offset };

describe('a live index', () => {
  useCpu();

  const setUp = async (checkLeads: () => Promise<void> = async () => undefined) => {
    const store = createExactItemIndexStore();
    const spec = { dimension, metric: 'dot', attributes: { genre: 'string', year: 'number' }, manifest: {} } as const;
    const index = await store.create('1-1.1', spec);
    const model = createModel(1);
    const logger = createMemoryLogger();
    const live = createLiveIndex({ version: '1-1', model, index, offset: 10, checkLeads, logger });
    return { index, live, model, logger };
  };

  it('has what changed, with the vectors of its model, and not what is gone or not available', async () => {
    const { index, live, model } = await setUp();
    await live.apply([change(10, items[0]), change(11, items[1]), change(12, items[2])]);
    await live.apply([
      change(13, items[1].itemId),
      change(14, { ...items[2], available: false }),
      change(15, { ...items[0], features: { genre: 'z' } }),
    ]);
    const [point, ...none] = await index.sample(9);
    expect(none).toEqual([]);
    expect(point).toEqual({
      itemId: items[0].itemId,
      vector: model.candidate.embed([{ ...items[0], features: { genre: 'z' } }]),
      attributes: { genre: 'z' },
    });
    expect([live.offset, live.changedItems]).toEqual([16, 6]);
  });

  it('takes the newest of several changes, and none twice', async () => {
    const { index, live } = await setUp();
    await live.apply([change(9, items[5]), change(10, items[0]), change(11, items[0].itemId), change(12, items[1])]);
    await live.apply([change(10, items[0]), change(12, items[1])]);
    expect((await index.sample(9)).map(({ itemId }) => itemId)).toEqual([items[1].itemId]);
    expect(live.changedItems).toBe(2);
  });

  it('names an item that cannot be indexed, and indexes the others', async () => {
    const { index, live, logger } = await setUp();
    const upsert = index.upsert.bind(index);
    jest.spyOn(index, 'upsert').mockImplementation(async (points) => {
      const bad = points.find(({ itemId }) => itemId === items[1].itemId);
      if (bad) throw new NonFiniteVectorError(3, NaN, bad.itemId);
      await upsert(points);
    });
    await live.apply([change(10, items[0]), change(11, items[1]), change(12, items[2])]);
    expect(await index.count()).toBe(2);
    expect(logger.lines.map(({ message, fields }) => [message, fields['itemId']])).toEqual([
      ['item.refused', items[1].itemId],
    ]);
    expect(live.offset).toBe(13);
  });

  it('writes nothing once another embedder leads, and takes the changes again after a failure', async () => {
    const checkLeads = jest
      .fn()
      .mockRejectedValueOnce(new FencedError('embedder', 1, 2))
      .mockResolvedValue(undefined);
    const { index, live } = await setUp(checkLeads);
    await expect(live.apply([change(10, items[0])])).rejects.toThrow(FencedError);
    expect([await index.count(), live.offset]).toEqual([0, 10]);
    await live.apply([change(10, items[0])]);
    expect([await index.count(), live.offset]).toEqual([1, 11]);
  });
});
