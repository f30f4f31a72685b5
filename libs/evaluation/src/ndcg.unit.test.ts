import { expectedNdcg, ndcgAtK } from './ndcg';

const ranked = ['a', 'b', 'c', 'd'];

describe('NDCG of an answer', () => {
  // Discounts of places 1, 2, 3: 1, 1 / log2(3) = .63093, 1 / 2.
  it.each([
    [['a'], 4, 1],
    [['c'], 4, 0.5],
    [['c'], 2, 0],
    [['a', 'c'], 4, (1 + 0.5) / (1 + 0.63093)],
    [['b', 'c', 'x'], 2, 0.63093 / (1 + 0.63093)], // the ideal has min(k, 3) = 2 places
    [['a', 'b', 'c', 'd'], 4, 1],
    [['x'], 4, 0],
  ])('with relevant %j at k = %i', (relevant, k, expected) => {
    expect(ndcgAtK(ranked, new Set(relevant), k)).toBeCloseTo(expected, 5);
  });

  it('is undefined without relevant items', () => {
    expect(() => ndcgAtK(ranked, new Set<string>(), 4)).toThrow('expected at least 1 relevant item, found 0');
  });
});

describe('NDCG of a target', () => {
  it.each([
    [0, 0, 1],
    [2, 0, 0.5],
    [9, 0, 1 / Math.log2(11)],
    [10, 0, 0],
    [0, 2, (1 + 0.63093 + 0.5) / 3],
    [9, 1, 1 / Math.log2(11) / 2],
  ])('with %i greater and %i ties at k = 10 is %f', (greater, ties, expected) => {
    expect(expectedNdcg({ greater, ties, rank: 1 + greater + ties / 2 }, 10)).toBeCloseTo(expected, 5);
  });

  it('equals that of an answer with one relevant item', () => {
    for (const [greater, id] of ranked.entries()) {
      expect(expectedNdcg({ greater, ties: 0, rank: greater + 1 }, 3)).toBe(ndcgAtK(ranked, new Set([id]), 3));
    }
  });
});
