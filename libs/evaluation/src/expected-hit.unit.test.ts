import { expectedHit } from './expected-hit';
import { rankOfTarget } from './rank-of-target';

describe('expected hit', () => {
  it.each([
    [0, 0, 1],
    [9, 0, 1],
    [10, 0, 0],
    [9, 1, 1 / 2], // place 10 or 11
    [8, 3, 2 / 4], // places 9 to 12, of which 9 and 10 are hits
    [0, 99, 10 / 100],
    [40, 5, 0],
  ])('of %i greater and %i ties at k = 10 is %f', (greater, ties, expected) => {
    expect(expectedHit({ greater, ties, rank: 1 + greater + ties / 2 }, 10)).toBeCloseTo(expected, 12);
  });

  it('gives equal scores the recall of a random order', () => {
    expect(expectedHit(rankOfTarget(new Float32Array(200), 17), 10)).toBe(10 / 200);
  });
});
