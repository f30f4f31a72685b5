import { createNewestItems } from './newest-items';
import { createDraws, indexOf, requestOver } from './source-request.fixture';

const item = (itemId: string, available = true) => ({ itemId, features: {}, available });
const names = Array.from({ length: 20 }, (_, i) => `i${i}`);

async function setUp(count: number) {
  const newest = createNewestItems(count);
  const index = await indexOf(names.map((itemId, i) => ({ itemId, vector: [1, 0], attributes: { year: i } })));
  const put = (...itemIds: string[]) => {
    for (const itemId of itemIds) newest.put(item(itemId));
  };
  const find = (asked: Parameters<typeof requestOver>[1] = {}) => newest.source(requestOver(index, asked));
  const ids = async (asked: Parameters<typeof requestOver>[1] = {}) => (await find(asked)).map(({ itemId }) => itemId);
  return { newest, put, find, ids };
}

test('the newest come first, with scores that fall evenly by place', async () => {
  const { put, find } = await setUp(4);
  put('i0', 'i1', 'i2', 'i3', 'i4');
  expect(await find()).toEqual([
    { itemId: 'i4', score: 1 },
    { itemId: 'i3', score: 0.75 },
    { itemId: 'i2', score: 0.5 },
    { itemId: 'i1', score: 0.25 },
  ]);
});

test('a change makes nothing new, not even of an item that the list has forgotten', async () => {
  const { put, ids } = await setUp(2);
  put('i0', 'i1', 'i2');
  put('i1', 'i0');
  expect(await ids()).toEqual(['i2', 'i1']);
});

test('one that is not available is away, and comes back to its place', async () => {
  const { newest, put, ids } = await setUp(3);
  put('i0', 'i1', 'i2');
  newest.put(item('i1', false));
  expect(await ids()).toEqual(['i2', 'i0']);
  put('i1');
  expect(await ids()).toEqual(['i2', 'i1', 'i0']);
  newest.put(item('i3', false)); // never seen available, so not seen
  put('i4', 'i3');
  expect(await ids()).toEqual(['i3', 'i4', 'i2']);
});

test('one that is gone is gone, and new when it returns', async () => {
  const { newest, put, ids } = await setUp(3);
  put('i0', 'i1', 'i2');
  newest.remove('i0');
  newest.remove('never there');
  expect(await ids()).toEqual(['i2', 'i1']);
  put('i0');
  expect(await ids()).toEqual(['i0', 'i2', 'i1']);
});

test('filter, exclusions, the seen and the index hold', async () => {
  const { put, ids } = await setUp(10);
  put('not indexed', ...names.slice(0, 6));
  expect(await ids({ limit: 2 })).toEqual(['i5', 'i4']);
  expect(await ids({ filter: { range: { attribute: 'year', max: 2 } } })).toEqual(['i2', 'i1', 'i0']);
  expect(await ids({ exclude: new Set(['i5']), isSeen: (itemId) => itemId === 'i3' })).toEqual([
    'i4',
    'i2',
    'i1',
    'i0',
  ]);
});

test('cleared, everything is new', async () => {
  const { newest, put, ids } = await setUp(3);
  put('i0', 'i1');
  newest.clear();
  expect(await ids()).toEqual([]);
  put('i0');
  expect(await ids()).toEqual(['i0']);
});

test.each([1, 2, 3, 4, 5, 6, 7, 8])('laws of the list (seed %i)', async (seed) => {
  const { below, oneOf, next } = createDraws(seed);
  const count = 1 + below(8);
  const { newest, ids } = await setUp(count);
  /** How many items had been first seen before it. */
  const serialOf = new Map<string, number>();
  const isAvailable = new Map<string, boolean>();
  let serial = 0;
  for (let step = 0; step < 300; step++) {
    const itemId = oneOf(names);
    if (next() < 0.2) {
      newest.remove(itemId);
      serialOf.delete(itemId);
      isAvailable.delete(itemId);
    } else {
      const available = next() < 0.7;
      newest.put(item(itemId, available));
      if (available && !serialOf.has(itemId)) serialOf.set(itemId, serial++);
      isAvailable.set(itemId, available);
    }
    const found = await ids({ limit: 20 });
    const expected = [...serialOf.keys()].filter((each) => isAvailable.get(each)).reverse();
    expect(found.length).toBeLessThanOrEqual(count);
    expect(found).toEqual(expected.filter((each) => found.includes(each))); // in this order, and no other
    const surely = expected.filter((each) => serial - serialOf.get(each)! <= count); // fewer than `count` came later
    expect(found).toEqual(expect.arrayContaining(surely));
  }
});
