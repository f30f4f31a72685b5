import type { Filter } from '@gatehouse/domain';

import {
  DimensionError,
  IndexClosedError,
  InvalidFilterError,
  InvalidPointError,
  NonFiniteVectorError,
} from './errors';
import type { IndexPoint, IndexSpec, ItemIndex, ItemIndexStore, SearchRequest } from './item-index';
import { type AdapterUnderTest, expectHits, idsOf, plane, point, query } from './under-test.fixture';

/** Laws of every index, wherever its points lie. */
export function itemIndexContract(adapter: AdapterUnderTest): void {
  describe(`${adapter.name}: index`, () => {
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

    /** The same content, loaded before the seal, after it, and read through a second handle. */
    const ways: Record<string, (points: readonly IndexPoint[], spec?: IndexSpec) => Promise<ItemIndex>> = {
      'before the seal': async (points, spec = plane) => {
        const index = await store.create('1-1.1', spec);
        await index.upsert(points);
        return index;
      },
      'in the base': build,
      'in the delta': async (points, spec = plane) => {
        const index = await build([], spec);
        await index.upsert(points);
        return index;
      },
      'from another handle': async (points, spec = plane) => {
        const half = points.length >> 1;
        const index = await build(points.slice(0, half), spec);
        const reader = await store.open('1-1.1');
        await index.upsert(points.slice(half));
        await index.close();
        return reader;
      },
    };

    describe.each(Object.entries(ways))('search %s', (_, load) => {
      // With q = (1, 0.5): a = 1, b = 0.5, c = 0.5 + 0.5 = 1, d = -1. a and c tie, so the id decides.
      const points = [
        point('c', [0.5, 1], { brand: 'acme', tags: ['red', 'blue'], price: 3 }),
        point('a', [1, 0], { brand: 'acme', tags: [], price: 7 }),
        point('d', [-1, 0], { price: 9 }),
        point('b', [0, 1], { brand: 'other', tags: ['blue'] }),
      ];
      const q = [1, 0.5];
      let index: ItemIndex;
      const load4 = async (): Promise<void> => {
        index = await load(points);
      };
      const found = async (k: number, rest?: Partial<SearchRequest>): Promise<string[]> =>
        idsOf(await index.search(query(q, k, rest)));

      it('gives the best hits first, with their dot products, ties by id', async () => {
        await load4();
        expectHits(adapter, await index.search(query(q, 3)), [
          { itemId: 'a', score: 1 },
          { itemId: 'c', score: 1 },
          { itemId: 'b', score: 0.5 },
        ]);
        expect(await found(1)).toEqual(['a']);
      });

      it('gives minus the squared distance for l2', async () => {
        // To (1, 0.5): a 0.25; c 0.25 + 0.25 = 0.5; b 1 + 0.25 = 1.25; d 4 + 0.25 = 4.25.
        index = await load(points, { ...plane, metric: 'l2' });
        expectHits(adapter, await index.search(query(q, 4)), [
          { itemId: 'a', score: -0.25 },
          { itemId: 'c', score: -0.5 },
          { itemId: 'b', score: -1.25 },
          { itemId: 'd', score: -4.25 },
        ]);
      });

      it('gives everything when k is larger than the index, and nothing for k = 0', async () => {
        await load4();
        expect(await found(100)).toEqual(['a', 'c', 'b', 'd']);
        expect(await found(0)).toEqual([]);
        expect(await found(Number.MAX_SAFE_INTEGER)).toEqual(['a', 'c', 'b', 'd']);
      });

      it('answers only with points that pass the filter and are not excluded', async () => {
        await load4();
        expect(await found(4, { filter: { equals: { attribute: 'brand', value: 'acme' } } })).toEqual(['a', 'c']);
        expect(await found(1, { filter: { equals: { attribute: 'tags', value: 'blue' } } })).toEqual(['c']);
        expect(await found(4, { filter: { in: { attribute: 'price', values: [9, 3, '7'] } } })).toEqual(['c', 'd']);
        expect(await found(4, { filter: { range: { attribute: 'price', min: 7 } } })).toEqual(['a', 'd']);
        const notAcme: Filter = { not: { equals: { attribute: 'brand', value: 'acme' } } };
        expect(await found(4, { filter: notAcme })).toEqual(['b', 'd']);
        expect(await found(4, { exclude: new Set(['a', 'b', 'unknown']) })).toEqual(['c', 'd']);
        expect(await found(4, { filter: notAcme, exclude: new Set(['d']) })).toEqual(['b']);
        expect(await found(4, { exclude: new Set(['a', 'b', 'c', 'd']) })).toEqual([]);
      });

      it('refuses queries of another dimension or with numbers that are not finite', async () => {
        await load4();
        const wrong = index.search(query([1, 2, 3], 1));
        await expect(wrong).rejects.toBeInstanceOf(DimensionError);
        await expect(wrong).rejects.toMatchObject({ expected: 2, found: 3, itemId: undefined });
        await expect(index.search(query([1, NaN], 1))).rejects.toMatchObject({
          name: 'NonFiniteVectorError',
          position: 1,
        });
        await expect(index.search(query([Infinity, 0], 1))).rejects.toBeInstanceOf(NonFiniteVectorError);
      });

      it('refuses filters it cannot evaluate, and impossible k and effort', async () => {
        await load4();
        const filter: Filter = { equals: { attribute: 'colour', value: 'red' } };
        await expect(found(1, { filter })).rejects.toThrow(InvalidFilterError);
        await expect(found(-1)).rejects.toThrow('k: expected a whole number from 0 on, found -1');
        await expect(found(1.5)).rejects.toThrow(RangeError);
        await expect(found(1, { effort: NaN })).rejects.toThrow('effort: expected');
      });

      it('stops for an aborted signal', async () => {
        await load4();
        await expect(found(1, { signal: AbortSignal.abort(new Error('caller left')) })).rejects.toThrow('caller left');
      });

      it('replaces a point by its id, the last of a batch winning', async () => {
        await load4();
        await index.upsert([point('d', [0, 0]), point('a', [4, 0]), point('d', [2, 0], { brand: 'late' })]);
        expect(await found(2)).toEqual(['a', 'd']);
        expect(await found(4, { filter: { equals: { attribute: 'brand', value: 'late' } } })).toEqual(['d']);
        expect(await found(4, { filter: { range: { attribute: 'price', max: 100 } } })).toEqual(['c']);
        expect(await index.count()).toBe(4);
      });

      it('removes points, unknown ones too, and takes them back', async () => {
        await load4();
        await index.remove(['a', 'unknown', 'b']);
        expect(await found(4)).toEqual(['c', 'd']);
        expect(await index.count()).toBe(2);
        await index.upsert([point('b', [8, 0])]);
        expect(await found(4)).toEqual(['b', 'c', 'd']);
        await index.remove(['b', 'c', 'd']);
        expect(await found(4)).toEqual([]);
        expect(await index.count()).toBe(0);
      });

      it.each<[string, IndexPoint, new (...args: never[]) => Error, object]>([
        ['dimension', point('x', [1]), DimensionError, { expected: 2, found: 1, itemId: 'x' }],
        ['NaN', point('x', [NaN, 0]), NonFiniteVectorError, { position: 0, itemId: 'x' }],
        ['infinity', point('x', [0, -Infinity]), NonFiniteVectorError, { position: 1, found: -Infinity }],
        ['empty id', point('', [0, 0]), InvalidPointError, { field: 'id' }],
        ['attribute', point('x', [0, 0], { colour: 'red' }), InvalidPointError, { field: 'attribute "colour"' }],
        ['value', point('x', [0, 0], { price: [1, NaN] }), InvalidPointError, { field: 'attribute "price"' }],
      ])('refuses a batch with a bad point (%s) whole', async (_name, bad, type, fields) => {
        await load4();
        const refused = index.upsert([point('fine', [9, 9]), bad]);
        await expect(refused).rejects.toBeInstanceOf(type);
        await expect(refused).rejects.toMatchObject(fields);
        expect(await index.count()).toBe(4);
      });

      it('keeps what it was given, whatever becomes of the array', async () => {
        await load4();
        const vector = Float32Array.of(16, 0);
        await index.upsert([{ itemId: 'x', vector, attributes: {} }]);
        vector.fill(0);
        expectHits(adapter, await index.search(query(q, 1)), [{ itemId: 'x', score: 16 }]);
      });

      it('samples points whole', async () => {
        await load4();
        const sample = await index.sample(10);
        expect(sample.sort((x, y) => (x.itemId < y.itemId ? -1 : 1))).toEqual(
          [...points].sort((x, y) => (x.itemId < y.itemId ? -1 : 1)),
        );
        expect(await index.sample(2)).toHaveLength(2);
        expect(await index.sample(0)).toEqual([]);
      });

      it('gets points whole, in the order asked for, without those that it does not hold', async () => {
        await load4();
        const [first, second] = points;
        expect(await index.get([second.itemId, 'nobody', first.itemId])).toEqual([second, first]);
        await index.remove([first.itemId]);
        await index.upsert([{ ...second, vector: Float32Array.of(16, 0) }]);
        expect(await index.get([first.itemId, second.itemId])).toEqual([{ ...second, vector: Float32Array.of(16, 0) }]);
      });

      it('is empty without points', async () => {
        index = await load([]);
        expect(await found(10)).toEqual([]);
        expect(await index.count()).toBe(0);
        expect(await index.sample(5)).toEqual([]);
      });

      it('refuses every call after close', async () => {
        await load4();
        await index.close();
        await index.close();
        await expect(index.search(query(q, 1))).rejects.toBeInstanceOf(IndexClosedError);
        await expect(index.upsert(points)).rejects.toBeInstanceOf(IndexClosedError);
        await expect(index.remove(['a'])).rejects.toBeInstanceOf(IndexClosedError);
        await expect(index.seal()).rejects.toBeInstanceOf(IndexClosedError);
        await expect(index.count()).rejects.toBeInstanceOf(IndexClosedError);
        await expect(index.sample(1)).rejects.toBeInstanceOf(IndexClosedError);
      });
    });
  });
}
