import type { Item } from '@gatehouse/domain';
import fc from 'fast-check';
import { OffsetOutOfRangeError } from './errors';
import type { ItemCatalogue, ItemChange } from './ports';

/** A fresh, empty catalogue. */
export interface CatalogueUnderTest {
  readonly catalogue: ItemCatalogue;
  close(): Promise<void>;
}

function item(itemId: string, price = 1): Item {
  return { itemId, features: { price }, available: true };
}

/** Reads changes until one has `lastOffset`. */
async function changesUpTo(catalogue: ItemCatalogue, offset: number, lastOffset: number): Promise<ItemChange[]> {
  const changes: ItemChange[] = [];
  const stop = new AbortController();
  for await (const chunk of catalogue.changes(offset, stop.signal)) {
    changes.push(...chunk);
    if (changes.at(-1)!.offset >= lastOffset) stop.abort();
  }
  return changes;
}

/** Laws of every catalogue: a snapshot and the changes from its offset on give the newest value of every item. */
export function itemCatalogueContract(name: string, open: () => Promise<CatalogueUnderTest>, numRuns = 25): void {
  describe(`${name}: item catalogue`, () => {
    let catalogue: ItemCatalogue;
    let close: () => Promise<void>;
    beforeEach(async () => {
      ({ catalogue, close } = await open());
    });
    afterEach(() => close());

    it('is empty at first', async () => {
      expect(await catalogue.snapshot()).toEqual({ items: [], offset: 0 });
    });

    it('orders its snapshot by the bytes of the item id, over several chunks', async () => {
      const ids = Array.from({ length: 2300 }, (_, i) => `item ${(i * 7919) % 2300}`);
      await catalogue.put([...ids, 'é', '\u{1F600}', '\uFF5E'].map((itemId) => ({ itemId, item: item(itemId) })));
      const { items } = await catalogue.snapshot();
      // UTF-8: é = c3.., fullwidth tilde = ef.., emoji = f0..; in UTF-16 order the emoji would come before the tilde.
      expect(items.map(({ itemId }) => itemId)).toEqual([...ids.sort(), 'é', '\uFF5E', '\u{1F600}']);
    });

    it('leaves removed items out of the snapshot and tells followers of them', async () => {
      await catalogue.put([
        { itemId: 'a', item: item('a') },
        { itemId: 'b', item: item('b') },
      ]);
      const { offset } = await catalogue.snapshot();
      await catalogue.put([{ itemId: 'a', item: null }]);
      expect((await catalogue.snapshot()).items).toEqual([item('b')]);
      expect(await changesUpTo(catalogue, offset, 2)).toEqual([{ itemId: 'a', item: null, offset: 2 }]);
    });

    it('tells the newest of several changes, and may leave out the others', async () => {
      await catalogue.put([
        { itemId: 'a', item: item('a', 1) },
        { itemId: 'b', item: item('b') },
      ]);
      await catalogue.put([
        { itemId: 'a', item: item('a', 2) },
        { itemId: 'a', item: item('a', 3) },
      ]);
      const changes = await changesUpTo(catalogue, 0, 3);
      expect(changes).toContainEqual({ itemId: 'b', item: item('b'), offset: 1 });
      expect(changes.at(-1)).toEqual({ itemId: 'a', item: item('a', 3), offset: 3 });
      expect(changes.map(({ offset }) => offset)).toEqual([...new Set(changes.map(({ offset }) => offset))].sort());
    });

    it('waits for changes', async () => {
      await catalogue.put([{ itemId: 'a', item: item('a') }]);
      const seen: string[] = [];
      const stop = new AbortController();
      for await (const chunk of catalogue.changes(0, stop.signal)) {
        seen.push(...chunk.map(({ itemId }) => itemId));
        if (seen.length === 1) await catalogue.put([{ itemId: 'b', item: item('b') }]);
        if (seen.length === 2) stop.abort();
      }
      expect(seen).toEqual(['a', 'b']);
    });

    it('ends when aborted while it waits', async () => {
      const stop = new AbortController();
      const waiting = catalogue.changes(0, stop.signal)[Symbol.asyncIterator]().next();
      setImmediate(() => stop.abort());
      expect(await waiting).toEqual({ done: true, value: undefined });
    });

    it('refuses an offset past the end: the catalogue was replaced by another', async () => {
      const reading = catalogue.changes(1, new AbortController().signal)[Symbol.asyncIterator]().next();
      await expect(reading).rejects.toThrow(OffsetOutOfRangeError);
    });

    it('gives the newest value of every item as snapshot plus changes, whatever was put', async () => {
      const change = fc.record({ id: fc.integer({ min: 0, max: 6 }), price: fc.option(fc.nat(9)) });
      await fc.assert(
        fc.asyncProperty(
          fc.array(change, { maxLength: 20 }),
          fc.array(change, { maxLength: 20 }),
          async (first, second) => {
            const opened = await open();
            const puts = (changes: typeof first) =>
              changes.map(({ id, price }) => ({
                itemId: `i${id}`,
                item: price === null ? null : item(`i${id}`, price),
              }));
            await opened.catalogue.put(puts(first));
            const { items, offset } = await opened.catalogue.snapshot();
            await opened.catalogue.put(puts(second));
            const following = new Map<string, Item | null>(items.map((one) => [one.itemId, one]));
            const end = (await opened.catalogue.snapshot()).offset;
            const later = end > offset ? await changesUpTo(opened.catalogue, offset, end - 1) : [];
            for (const { itemId, item: value } of later) following.set(itemId, value);
            const expected = new Map(puts([...first, ...second]).map(({ itemId, item: value }) => [itemId, value]));
            const live = (values: Map<string, Item | null>) => [...values].filter(([, value]) => value !== null).sort();
            expect(live(following)).toEqual(live(expected));
            await opened.close();
          },
        ),
        { numRuns },
      );
    });
  });
}
