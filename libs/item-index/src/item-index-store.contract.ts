import { clusteredAttributes, clusteredPoints } from './clustered-points.fixture';
import { IndexExistsError, IndexNotFoundError, IndexNotSealedError, InvalidIndexIdError } from './errors';
import type { IndexPoint, ItemIndex, ItemIndexStore } from './item-index';
import { type AdapterUnderTest, idsOf, plane, point, query } from './under-test.fixture';

/** Laws of every store: the life of an index from its creation to its drop. */
export function itemIndexStoreContract(adapter: AdapterUnderTest): void {
  describe(`${adapter.name}: store`, () => {
    let store: ItemIndexStore;
    let close: () => Promise<void>;
    beforeEach(async () => {
      ({ store, close } = await adapter.open());
    });
    afterEach(() => close());

    const build = async (points: readonly IndexPoint[], spec = plane, indexId = '1-1.1'): Promise<ItemIndex> => {
      const index = await store.create(indexId, spec);
      await index.upsert(points);
      await index.seal();
      return index;
    };

    it('samples the same points for the same content, whatever its history', async () => {
      const points = clusteredPoints(3, 60, 2);
      const spec = { ...plane, attributes: clusteredAttributes };
      const first = await build(points, spec, '1-1.1');
      const second = await build([...points.slice(20)].reverse(), spec, '1-1.2');
      await second.remove(idsOf(points.slice(30, 40)));
      await second.upsert(points.slice(0, 40));
      expect(await second.sample(7)).toEqual(await first.sample(7));
      expect((await second.sample(30)).slice(0, 7)).toEqual(await first.sample(7));
    });

    it('opens what was sealed, with its shape, and shows each handle the changes of the other', async () => {
      const spec = { ...plane, manifest: { modelVersion: '1-1', offsets: { items: [3, 4] } } };
      const writer = await build([point('a', [1, 0], { tags: ['x'], price: 2.5 })], spec);
      await writer.seal();
      await writer.upsert([point('b', [2, 0])]);
      await writer.close();
      const [one, other] = [await store.open('1-1.1'), await store.open('1-1.1')];
      expect(one.indexId).toBe('1-1.1');
      expect(one.spec).toEqual(spec);
      expect(idsOf(await one.search(query([1, 0], 5)))).toEqual(['b', 'a']);
      await one.upsert([point('c', [3, 0], { brand: 'new' })]);
      await other.remove(['a']);
      expect(idsOf(await one.search(query([1, 0], 5)))).toEqual(['c', 'b']);
      expect(await other.count()).toBe(2);
      await one.close();
      expect(await other.count()).toBe(2);
    });

    it('takes concurrent calls in their order', async () => {
      const index = await store.create('1-1.1', plane);
      await Promise.all([
        index.upsert([point('a', [1, 0]), point('b', [1, 0])]),
        index.remove(['a']),
        index.seal(),
        index.upsert([point('c', [2, 0])]),
        index.remove(['b']),
        index.upsert([point('d', [1, 0])]),
      ]);
      expect(idsOf(await index.search(query([1, 0], 5)))).toEqual(['c', 'd']);
    });

    it('lets nobody open an index before its seal', async () => {
      await expect(store.open('1-1.1')).rejects.toBeInstanceOf(IndexNotFoundError);
      const index = await store.create('1-1.1', plane);
      await index.upsert([point('a', [1, 0])]);
      await expect(store.open('1-1.1')).rejects.toBeInstanceOf(IndexNotSealedError);
      expect(await store.list()).toEqual(['1-1.1']);
    });

    it('takes an id once, and again after a drop', async () => {
      await build([point('a', [1, 0])]);
      const again = store.create('1-1.1', plane);
      await expect(again).rejects.toBeInstanceOf(IndexExistsError);
      await expect(again).rejects.toMatchObject({ indexId: '1-1.1' });
      await store.create('1-1.2', plane);
      await store.drop('1-1.1');
      await store.drop('1-1.2');
      await store.drop('1-1.2');
      expect(await store.list()).toEqual([]);
      await build([point('b', [1, 0])]);
      const reader = await store.open('1-1.1');
      expect(idsOf(await reader.search(query([1, 0], 5)))).toEqual(['b']);
    });

    it('lists ids by model version and build, not as texts', async () => {
      for (const id of ['2-3.1', '1-10.1', '1-9.10', '1-9.9']) await store.create(id, plane);
      expect(await store.list()).toEqual(['1-9.9', '1-9.10', '1-10.1', '2-3.1']);
    });

    const itWhereLocal = adapter.isLocal ? it : it.skip;
    itWhereLocal('lets readers finish on a dropped index', async () => {
      const index = await build(clusteredPoints(5, 600, 2), { ...plane, attributes: clusteredAttributes });
      const reader = await store.open('1-1.1');
      const before = await reader.search(query([1, 0], 5));
      await store.drop('1-1.1');
      expect(await reader.search(query([1, 0], 5))).toEqual(before);
      expect(await index.count()).toBe(600);
      await expect(store.open('1-1.1')).rejects.toBeInstanceOf(IndexNotFoundError);
    });

    it('moves its alias to sealed indexes only', async () => {
      expect(await store.active()).toBeUndefined();
      await expect(store.activate('1-1.1')).rejects.toBeInstanceOf(IndexNotFoundError);
      await build([]);
      await store.activate('1-1.1');
      expect(await store.active()).toBe('1-1.1');
      await store.create('1-2.1', plane);
      await expect(store.activate('1-2.1')).rejects.toBeInstanceOf(IndexNotSealedError);
      await build([], plane, '1-2.2');
      await store.activate('1-2.2');
      expect(await store.active()).toBe('1-2.2');
      await store.drop('1-2.2');
      expect(await store.active()).toBeUndefined();
      expect(await store.list()).toEqual(['1-1.1', '1-2.1']);
    });

    it.each([
      '',
      '1-1',
      '1-1.',
      '../1-1.1',
      '1-1.1/..',
      '1-1.1\n',
      'a-1.1',
      '0-1.1',
      '1-1.1.1',
      `1-1.${'1'.repeat(16)}`,
    ])('refuses the id %j', async (indexId) => {
      for (const call of [
        store.create(indexId, plane),
        store.open(indexId),
        store.drop(indexId),
        store.activate(indexId),
      ]) {
        await expect(call).rejects.toBeInstanceOf(InvalidIndexIdError);
      }
    });

    it.each([0, -1, 1.5, NaN, 65_537])('refuses the dimension %p', async (dimension) => {
      await expect(store.create('1-1.1', { ...plane, dimension })).rejects.toThrow(RangeError);
      expect(await store.list()).toEqual([]);
    });
  });
}
