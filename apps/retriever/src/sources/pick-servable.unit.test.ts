import type { ItemId } from '@gatehouse/domain';
import type { Hit } from '@gatehouse/item-index';

import { createFakeIndex, hitsOf } from '../retriever.fixture';
import { pickServable } from './pick-servable';
import { indexOf, requestOver } from './source-request.fixture';

const names = (count: number, prefix = 'i'): ItemId[] => Array.from({ length: count }, (_, i) => `${prefix}${i}`);

function* counted(hits: readonly Hit[], read: { count: number }): Generator<Hit> {
  for (const hit of hits) {
    read.count++;
    yield hit;
  }
}

test('it keeps order and scores, and reads no further than it has to', async () => {
  const index = await indexOf(names(500).map((itemId) => ({ itemId, vector: [1, 0] })));
  const read = { count: 0 };
  const picked = await pickServable(requestOver(index, { limit: 5 }), counted(hitsOf(...names(500)), read));
  expect(picked).toEqual(hitsOf(...names(5)));
  expect(read.count).toBe(64); // one look at least
});

test('it goes on until the limit is reached, however rare what passes is', async () => {
  const attributesOf = (i: number) => ({ year: i % 100 === 99 ? 1 : 0 });
  const index = await indexOf(names(500).map((itemId, i) => ({ itemId, vector: [1, 0], attributes: attributesOf(i) })));
  const filter = { equals: { attribute: 'year', value: 1 } };
  const picked = await pickServable(requestOver(index, { limit: 4, filter }), hitsOf(...names(500)));
  expect(picked.map(({ itemId }) => itemId)).toEqual(['i99', 'i199', 'i299', 'i399']);
});

test('it looks up at most 10,000', async () => {
  const index = createFakeIndex('1-1.1', () => []);
  const lookedUp = jest.spyOn(index, 'get').mockResolvedValue([]);
  const read = { count: 0 };
  await pickServable(requestOver(index, { limit: 1000 }), counted(hitsOf(...names(20_000)), read));
  expect(lookedUp).toHaveBeenCalledTimes(10);
  expect(read.count).toBe(10_000);
});

test('nothing is looked up after the signal', async () => {
  const index = createFakeIndex('1-1.1', () => []);
  const lookedUp = jest.spyOn(index, 'get');
  const signal = AbortSignal.abort(new Error('cancelled'));
  await expect(pickServable(requestOver(index, { signal }), hitsOf('a'))).rejects.toThrow('cancelled');
  expect(lookedUp).not.toHaveBeenCalled();
});
