import fc from 'fast-check';

import { TopK } from './top-k';

describe('TopK', () => {
  it('keeps the best k of anything offered, ties by id', () => {
    // Few different scores, so that ties are the rule.
    const offers = fc.uniqueArray(fc.tuple(fc.string({ maxLength: 3 }), fc.integer({ min: -3, max: 3 })), {
      selector: ([itemId]) => itemId,
      maxLength: 60,
    });
    fc.assert(
      fc.property(offers, fc.integer({ min: 0, max: 70 }), (given, k) => {
        const best = new TopK(k);
        for (const [itemId, score] of given) best.offer(itemId, score);
        const sorted = given
          .map(([itemId, score]) => ({ itemId, score }))
          .sort((a, b) => b.score - a.score || (a.itemId < b.itemId ? -1 : 1));
        expect(best.take()).toEqual(sorted.slice(0, k));
        expect(best.size).toBe(Math.min(k, given.length));
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it('raises its floor to the worst kept score once it is full', () => {
    const best = new TopK(2);
    best.offer('a', 1);
    expect(best.floor).toBe(-Infinity);
    best.offer('b', 5);
    expect(best.floor).toBe(1);
    best.offer('c', 3);
    expect(best.floor).toBe(3);
    expect(new TopK(0).floor).toBe(Infinity);
  });
});
