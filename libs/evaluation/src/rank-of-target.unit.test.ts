import { createRandom } from '@gatehouse/domain';

import { expectedHit } from './expected-hit';
import { expectedNdcg } from './ndcg';
import { rankOfTarget } from './rank-of-target';
import { placeAfterSorting, tiedScores } from './ranking.fixture';

const scores = Float32Array.of(0.9, 0.5, 0.5, 0.1, 0.5, 0.7);

describe('rank of target', () => {
  it.each([
    [0, [], { greater: 0, ties: 0, rank: 1 }],
    [1, [], { greater: 2, ties: 2, rank: 4 }], // .9 and .7 ahead; places 3, 4, 5 are a draw, mean 4
    [1, [0, 4], { greater: 1, ties: 1, rank: 2.5 }], // .7 ahead; places 2, 3
    [1, [1, 3], { greater: 2, ties: 2, rank: 4 }], // the target always takes part, and item 3 was no rival
    [3, [0, 1, 2, 4, 5], { greater: 0, ties: 0, rank: 1 }],
    [3, new Set([0]), { greater: 4, ties: 0, rank: 5 }],
  ])('of position %i without %j', (target, excluded, expected) => {
    expect(rankOfTarget(scores, target, excluded)).toEqual(expected);
  });

  it.each([1, 2, 3, 4, 5])('equals sorting, where all scores differ (seed %i)', (seed) => {
    const random = createRandom('scores', seed);
    const distinct = new Float32Array(50).map(() => random.next());
    const excluded = new Set(Array.from({ length: 10 }, () => random.below(50)));
    for (let target = 0; target < 50; target++) {
      const { rank } = rankOfTarget(distinct, target, excluded);
      expect(rank).toBe(placeAfterSorting(distinct, target, excluded, random));
    }
  });

  // 2000 shuffles: the standard error of a mean place is at most sqrt(30^2 / 12 / 2000) = .19, of a share .011; bounds are 5 of them.
  it.each([1, 2, 3])('rank, hit and NDCG are means over random tie breaking (seed %i)', (seed) => {
    const random = createRandom('ties', seed);
    const tied = tiedScores(30, 4, random);
    const [target, k, shuffles] = [random.below(30), 12, 2000];
    const excluded = new Set([random.below(30), random.below(30), random.below(30)]);
    const mean = { place: 0, hit: 0, ndcg: 0 };
    for (let i = 0; i < shuffles; i++) {
      const place = placeAfterSorting(tied, target, excluded, random);
      mean.place += place / shuffles;
      if (place > k) continue;
      mean.hit += 1 / shuffles;
      mean.ndcg += 1 / Math.log2(place + 1) / shuffles;
    }
    const rank = rankOfTarget(tied, target, excluded);
    expect(Math.abs(rank.rank - mean.place)).toBeLessThan(0.95);
    expect(Math.abs(expectedHit(rank, k) - mean.hit)).toBeLessThan(0.056);
    expect(Math.abs(expectedNdcg(rank, k) - mean.ndcg)).toBeLessThan(0.056);
  });

  it('never lets a broken score look good', () => {
    expect(rankOfTarget(Float32Array.of(NaN, NaN, NaN), 1)).toEqual({ greater: 2, ties: 0, rank: 3 });
    expect(rankOfTarget(Float32Array.of(NaN, 1, 1), 0)).toEqual({ greater: 2, ties: 0, rank: 3 });
    expect(rankOfTarget(Float32Array.of(NaN, 1, 1), 1)).toEqual({ greater: 1, ties: 1, rank: 2.5 });
    expect(rankOfTarget(Float32Array.of(NaN, 1, NaN), 1, [0])).toEqual({ greater: 1, ties: 0, rank: 2 });
    expect(rankOfTarget(Float32Array.of(NaN, NaN, 1), 0, [1])).toEqual({ greater: 1, ties: 0, rank: 2 });
  });

  it('refuses positions outside of the scores', () => {
    expect(() => rankOfTarget(scores, 6)).toThrow('expected a position below 6, found 6');
    expect(() => rankOfTarget(scores, -1)).toThrow('found -1');
    expect(() => rankOfTarget(scores, 0, [7])).toThrow('found 7');
  });
});
