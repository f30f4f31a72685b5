import { indexRecall, type ScoredItem } from './index-recall';

const hits = (text: string): ScoredItem[] =>
  text
    .split(' ')
    .filter(Boolean)
    .map((hit) => ({ itemId: hit[0], score: Number(hit.slice(1)) }));

const exact = hits('a.9 b.8 c.5 d.5 e.1');

describe('index recall', () => {
  it.each([
    ['a.9 b.8 c.5', 3, 1],
    ['b.8 a.9 d.5', 3, 1], // c and d are interchangeable
    ['b.8 a.9 d.500004', 3, 1], // within 1e-5
    ['a.9 c.5 d.5', 3, 2 / 3], // one of c and d for place 3; b was missed
    ['a.91 b.79 c.49', 3, 1], // the index rounds its scores
    ['a.9 d.5 e.1', 3, 2 / 3],
    ['a.9 x.85 c.5', 3, 2 / 3], // better than place 3 and yet unknown to the exact search: a stale vector
    ['a.9 a.9 c.5', 3, 2 / 3], // a duplicate is one item
    ['c.5 d.5 b.8 a.9', 2, 0], // only the first k count
    ['a.9', 3, 1 / 3],
    ['', 3, 0],
    ['a.9 b.8 c.5 d.5 e.1', 9, 1], // the catalogue holds five
  ])('of %s at k = %i', (approximate, k, expected) => {
    expect(indexRecall(hits(approximate), exact, k)).toBeCloseTo(expected, 12);
  });

  it('is 1 when there was nothing to find', () => {
    expect(indexRecall([], [], 10)).toBe(1);
  });

  it('holds the tolerance against the size of the scores', () => {
    expect(indexRecall(hits('x1000.001'), hits('a1000'), 1)).toBe(1);
    expect(indexRecall(hits('x1000.1'), hits('a1000'), 1)).toBe(0);
  });
});
