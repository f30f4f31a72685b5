import { matchesFilter } from '@gatehouse/item-index';

import { createFakeIndex, hitsOf } from '../retriever.fixture';
import { createItemToItem } from './item-to-item';
import { createDraws, historyOf, indexOf, requestOver } from './source-request.fixture';

test('it finds the neighbours of the newest items, each by the nearest of them', async () => {
  const index = await indexOf([
    { itemId: 'old', vector: [-1, 0] },
    { itemId: 'east', vector: [1, 0] },
    { itemId: 'north', vector: [0, 1] },
    { itemId: 'a', vector: [0.5, 0.25] },
    { itemId: 'b', vector: [0, 0.75] },
    { itemId: 'c', vector: [-0.5, -0.5] },
  ]);
  const find = createItemToItem(2);
  // a: max(.5 by east, .25 by north); b: max(0, .75); c: max(-.5, -.5); old: max(-1, 0), an item as any other, for it is not among the two.
  expect(await find(requestOver(index, { history: historyOf('old', 'east', 'north') }))).toEqual([
    { itemId: 'b', score: 0.75 },
    { itemId: 'a', score: 0.5 },
    { itemId: 'old', score: 0 },
    { itemId: 'c', score: -0.5 },
  ]);
});

test('an item that comes twice in the history counts once', async () => {
  const index = createFakeIndex('1-1.1', () => hitsOf('x'));
  await createItemToItem(2)(requestOver(index, { history: historyOf('a', 'b', 'c', 'c', 'c') }));
  expect(index.requests.map(({ exclude }) => [...(exclude ?? [])])).toEqual([
    ['c', 'b'],
    ['c', 'b'],
  ]);
});

test.each([
  ['no history', historyOf()],
  ['a history that the index does not hold', historyOf('gone', 'gone')],
])('%s finds nothing and searches nothing', async (_, history) => {
  const index = createFakeIndex('1-1.1', () => hitsOf('x'));
  expect(await createItemToItem(3)(requestOver(index, { history }))).toEqual([]);
  expect(index.requests).toEqual([]);
});

test('a search that fails fails the source, after the other searches have ended', async () => {
  let ended = 0;
  const index = createFakeIndex('1-1.1', async () => {
    const isFirst = index.requests.length === 1;
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    ended++;
    if (isFirst) throw new Error('away');
    return hitsOf('x');
  });
  const found = createItemToItem(3)(requestOver(index, { history: historyOf('a', 'b', 'c') }));
  await expect(found).rejects.toThrow('away');
  expect(ended).toBe(3);
});

test.each([1, 2, 3, 4, 5, 6])('it equals the scan of all items (seed %i)', async (seed) => {
  const { below, next, oneOf } = createDraws(seed);
  const items = Array.from({ length: 60 }, (_, i) => ({
    itemId: `i${i}`,
    vector: [next() - 0.5, next() - 0.5] as const,
    attributes: { year: 1990 + below(5) },
  }));
  const index = await indexOf(items.map((item) => ({ ...item, vector: [item.vector[0], item.vector[1]] })));
  const stored = new Map((await index.get(items.map(({ itemId }) => itemId))).map((point) => [point.itemId, point]));
  for (let round = 0; round < 10; round++) {
    const newest = 1 + below(4);
    const history = historyOf(...Array.from({ length: below(8) }, () => `i${below(70)}`)); // some that the index lacks
    const seen = new Set(items.filter(() => next() < 0.3).map(({ itemId }) => itemId));
    const exclude = new Set(Array.from({ length: 5 }, () => oneOf(items).itemId));
    const filter = { range: { attribute: 'year', min: 1992 } };
    const limit = 1 + below(20);
    const found = await createItemToItem(newest)(
      requestOver(index, {
        history,
        filter,
        exclude,
        limit,
        isSeen: (itemId) => seen.has(itemId),
        seenCount: seen.size,
      }),
    );

    const anchors = [...new Set(history.map(({ itemId }) => itemId).reverse())].slice(0, newest);
    const dot = (a: Float32Array, b: Float32Array): number => a[0] * b[0] + a[1] * b[1];
    const vectors = anchors.flatMap((itemId) => stored.get(itemId)?.vector ?? []);
    const expected = vectors.length
      ? [...stored.values()]
          .filter(({ itemId }) => !anchors.includes(itemId) && !exclude.has(itemId) && !seen.has(itemId))
          .filter(({ attributes }) => matchesFilter(filter, attributes))
          .map(({ itemId, vector }) => ({ itemId, score: Math.max(...vectors.map((each) => dot(each, vector))) }))
          .sort((a, b) => b.score - a.score)
          .slice(0, limit)
      : [];
    expect(found.map(({ itemId }) => itemId)).toEqual(expected.map(({ itemId }) => itemId));
    found.forEach(({ score }, i) => expect(score).toBeCloseTo(expected[i].score, 5));
  }
});
