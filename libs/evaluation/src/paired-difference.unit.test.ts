import { isAcceptable, pairedDifference } from './paired-difference';

const repeat = (value: number, times: number): number[] => new Array<number>(times).fill(value);

describe('paired difference', () => {
  it('matches a worked example', () => {
    // d = 0, 1, 0, 0: mean 1/4, squares 3 * 1/16 + 9/16 = 3/4, variance 3/4 / 3 = 1/4, standard error sqrt(1/4 / 4) = 1/4.
    expect(pairedDifference([1, 1, 0, 1], [1, 0, 0, 1])).toEqual({
      pairs: 4,
      baselineMean: 0.5,
      mean: 0.25,
      standardError: 0.25,
    });
  });

  it('changes its sign alone when the two are exchanged', () => {
    const [a, b] = [
      [1, 0, 0.5, 1, 0],
      [0, 0, 1, 0, 0],
    ];
    const [there, back] = [pairedDifference(a, b), pairedDifference(b, a)];
    expect(there.mean).toBe(-back.mean);
    expect(there.standardError).toBe(back.standardError);
  });

  it.each([0, 1])('shows nothing with %i pairs', (n) => {
    const difference = pairedDifference(repeat(0, n), repeat(1, n));
    expect(difference.standardError).toBe(Infinity);
    expect(isAcceptable(difference)).toBe(true);
  });

  it('refuses outcomes of different cases', () => {
    expect(() => pairedDifference([1], [1, 0])).toThrow('expected 2 outcomes of the candidate, found 1');
  });
});

describe('acceptable', () => {
  it.each([
    ['as good', 0, 0.5, 0, true],
    ['better', 0.2, 0.5, 0.001, true],
    ['9 % lower', -0.045, 0.5, 0.001, true],
    ['11 % lower, certainly', -0.055, 0.5, 0.001, false],
    ['11 % lower, within 3 standard errors', -0.055, 0.5, 0.019, true],
    ['worse than a baseline of 0 could be', -0.01, 0, 0, false],
  ])('%s', (_, mean, baselineMean, standardError, expected) => {
    expect(isAcceptable({ pairs: 1000, mean, baselineMean, standardError })).toBe(expected);
  });

  it('refuses the loss of every hit', () => {
    expect(isAcceptable(pairedDifference(repeat(0, 50), repeat(1, 50)))).toBe(false);
  });
});
