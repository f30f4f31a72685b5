import { mergeSources } from './merge-sources';
import { hitsOf } from './retriever.fixture';

test('a single source keeps its order and scores', () => {
  expect(
    mergeSources(
      [
        {
          source: 'popular',
          hits: [
            { itemId: 'a', score: 9 },
            { itemId: 'b', score: 2 },
          ],
        },
      ],
      1,
    ),
  ).toEqual([{ itemId: 'a', score: 9, sources: [{ source: 'popular', score: 9 }] }]);
});

test('several sources are joined by reciprocal rank', () => {
  const merged = mergeSources(
    [
      { source: 'two-tower', hits: hitsOf('a', 'b', 'c') },
      { source: 'popular', hits: hitsOf('c', 'd') },
    ],
    10,
  );
  // c: 1/63 + 1/61 = .03227; a: 1/61 = .01639; b = d = 1/62 = .01613, by id.
  expect(merged.map(({ itemId }) => itemId)).toEqual(['c', 'a', 'b', 'd']);
  expect(merged[0].score).toBeCloseTo(1 / 63 + 1 / 61, 12);
  expect(merged[0].sources.map(({ source }) => source)).toEqual(['two-tower', 'popular']);
});

test('the limit holds after joining, and nothing appears twice', () => {
  const found = ['x', 'y'].map((source) => ({ source, hits: hitsOf('a', 'b', 'c', 'd') }));
  const ids = mergeSources(found, 3).map(({ itemId }) => itemId);
  expect(ids).toEqual(['a', 'b', 'c']);
});

test('no sources, no candidates', () => {
  expect(mergeSources([], 10)).toEqual([]);
});
