import type { Item } from '@gatehouse/domain';
import fc from 'fast-check';
import { OffsetOutOfRangeError } from './errors';
import type { Change, CompactedTopic } from './ports';

/** A fresh, empty topic. */
export interface CompactedUnderTest {
  readonly topic: CompactedTopic<Item>;
  close(): Promise<void>;
}

function item(itemId: string, price = 1): Item {
  return { itemId, features: { price }, available: true };
}

/** Reads changes until one has `lastOffset`. */
async function changesUpTo(topic: CompactedTopic<Item>, offset: number, lastOffset: number): Promise<Change<Item>[]> {
  const changes: Change<Item>[] = [];
  const stop = new AbortController();
  for await (const chunk of topic.changes(offset, stop.signal)) {
    changes.push(...chunk);
    if (changes.at(-1)!.offset >= lastOffset) stop.abort();
  }
  return changes;
}

/** Laws of every compacted topic: a snapshot and the changes from its offset on give the newest value of every key. */
export function compactedTopicContract(name: string, open: () => Promise<CompactedUnderTest>, numRuns = 25): void {
  describe(`${name}: compacted topic`, () => {
    let topic: CompactedTopic<Item>;
    let close: () => Promise<void>;
    beforeEach(async () => {
      ({ topic, close } = await open());
    });
    afterEach(() => close());

    it('is empty at first', async () => {
      expect(await topic.snapshot()).toEqual({ values: [], offset: 0 });
    });

    it('orders its snapshot by the bytes of the item id, over several chunks', async () => {
      const ids = Array.from({ length: 2300 }, (_, i) => `item ${(i * 7919) % 2300}`);
      await topic.put([...ids, 'é', '\u{1F600}', '\uFF5E'].map((itemId) => item(itemId)));
      const { values } = await topic.snapshot();
      // UTF-8: é = c3.., fullwidth tilde = ef.., emoji = f0..; in UTF-16 order the emoji would come before the tilde.
      expect(values.map(({ itemId }) => itemId)).toEqual([...ids.sort(), 'é', '\uFF5E', '\u{1F600}']);
    });

    it('leaves removed items out of the snapshot and tells followers of them', async () => {
      await topic.put([item('a'), item('b')]);
      const { offset } = await topic.snapshot();
      await topic.remove(['a']);
      expect((await topic.snapshot()).values).toEqual([item('b')]);
      expect(await changesUpTo(topic, offset, 2)).toEqual([{ key: 'a', value: null, offset: 2 }]);
    });

    it('tells the newest of several changes, and may leave out the others', async () => {
      await topic.put([item('a', 1), item('b')]);
      await topic.put([item('a', 2), item('a', 3)]);
      const changes = await changesUpTo(topic, 0, 3);
      expect(changes).toContainEqual({ key: 'b', value: item('b'), offset: 1 });
      expect(changes.at(-1)).toEqual({ key: 'a', value: item('a', 3), offset: 3 });
      expect(changes.map(({ offset }) => offset)).toEqual([...new Set(changes.map(({ offset }) => offset))].sort());
    });

    it('waits for changes', async () => {
      await topic.put([item('a')]);
      const seen: string[] = [];
      const stop = new AbortController();
      for await (const chunk of topic.changes(0, stop.signal)) {
        seen.push(...chunk.map(({ key }) => key));
        if (seen.length === 1) await topic.put([item('b')]);
        if (seen.length === 2) stop.abort();
      }
      expect(seen).toEqual(['a', 'b']);
    });

    it('ends when aborted while it waits', async () => {
      const stop = new AbortController();
      const waiting = topic.changes(0, stop.signal)[Symbol.asyncIterator]().next();
      setImmediate(() => stop.abort());
      expect(await waiting).toEqual({ done: true, value: undefined });
    });

    it('refuses an offset past the end: the topic was replaced by another', async () => {
      const reading = topic.changes(1, new AbortController().signal)[Symbol.asyncIterator]().next();
      await expect(reading).rejects.toThrow(OffsetOutOfRangeError);
    });

    it('gives the newest value of every key as snapshot plus changes, whatever was written', async () => {
      const change = fc.record({ id: fc.integer({ min: 0, max: 6 }), price: fc.option(fc.nat(9)) });
      const write = async (to: CompactedTopic<Item>, changes: readonly { id: number; price: number | null }[]) => {
        for (const { id, price } of changes) {
          if (price === null) await to.remove([`i${id}`]);
          else await to.put([item(`i${id}`, price)]);
        }
      };
      await fc.assert(
        fc.asyncProperty(
          fc.array(change, { maxLength: 20 }),
          fc.array(change, { maxLength: 20 }),
          async (first, second) => {
            const opened = await open();
            try {
              await write(opened.topic, first);
              const { values, offset } = await opened.topic.snapshot();
              await write(opened.topic, second);
              const following = new Map<string, Item | null>(values.map((one) => [one.itemId, one]));
              const end = (await opened.topic.snapshot()).offset;
              const later = end > offset ? await changesUpTo(opened.topic, offset, end - 1) : [];
              for (const { key, value } of later) following.set(key, value);
              const expected = new Map(
                [...first, ...second].map(({ id, price }) => [`i${id}`, price === null ? null : item(`i${id}`, price)]),
              );
              const live = (all: Map<string, Item | null>) => [...all].filter(([, value]) => value !== null).sort();
              expect(live(following)).toEqual(live(expected));
            } finally {
              await opened.close();
            }
          },
        ),
        { numRuns },
      );
    });

    it.each(['', 'x'.repeat(129)])('refuses a key that is no id (%#)', async (key) => {
      await expect(topic.put([item(key)])).rejects.toThrow('itemId: expected 1 to 128 bytes');
      await expect(topic.remove([key])).rejects.toThrow('itemId: expected 1 to 128 bytes');
    });
  });
}
