import { createFakeIndex, createFakePair, hitsOf } from '../retriever.fixture';
import { searchUnseen } from './search-unseen';

const items = Array.from({ length: 50 }, (_, i) => `i${i}`);

function setUp(isSeen: (itemId: string) => boolean, signal = new AbortController().signal) {
  const index = createFakeIndex('1-1.1', () => hitsOf(...items));
  const seenCount = items.filter(isSeen).length;
  const pair = createFakePair('1-1', { index });
  const find = (limit: number) =>
    searchUnseen({ pair, vector: Float32Array.of(1, 0), limit, exclude: new Set(), isSeen, seenCount, signal });
  return { index, find };
}

const numberIn = (itemId: string) => Number(itemId.slice(1));

test('without seen items one search of the limit is enough', async () => {
  const { index, find } = setUp(() => false);
  expect(await find(3)).toEqual(hitsOf('i0', 'i1', 'i2'));
  expect(index.requests.map(({ k }) => k)).toEqual([3]);
});

test('the search widens until enough unseen items are found', async () => {
  const { index, find } = setUp((itemId) => numberIn(itemId) < 20);
  expect((await find(4)).map(({ itemId }) => itemId)).toEqual(['i20', 'i21', 'i22', 'i23']);
  expect(index.requests.map(({ k }) => k)).toEqual([8, 16, 32]);
});

test('all unseen items come when there are fewer than the limit', async () => {
  const { find } = setUp((itemId) => numberIn(itemId) !== 49);
  expect((await find(10)).map(({ itemId }) => itemId)).toEqual(['i49']);
});

test('everything seen is nothing found', async () => {
  const { find } = setUp(() => true);
  expect(await find(10)).toEqual([]);
});

test('no search starts after the signal', async () => {
  const { index, find } = setUp(() => false, AbortSignal.abort(new Error('cancelled')));
  await expect(find(3)).rejects.toThrow('cancelled');
  expect(index.requests).toEqual([]);
});

test('a search that is cancelled meanwhile widens no more', async () => {
  const abort = new AbortController();
  const index = createFakeIndex('1-1.1', () => {
    setImmediate(() => abort.abort(new Error('cancelled')));
    return hitsOf(...items);
  });
  const pair = createFakePair('1-1', { index });
  const request = { pair, vector: Float32Array.of(1, 0), limit: 4, exclude: new Set<string>(), seenCount: 50 };
  await expect(searchUnseen({ ...request, isSeen: () => true, signal: abort.signal })).rejects.toThrow('cancelled');
  expect(index.requests.map(({ k }) => k)).toEqual([8]);
});
