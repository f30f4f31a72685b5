import { rowScores } from './row-score';

const query = Float64Array.of(1, 2, 3);
const vectors = Float32Array.of(9, 9, 9, 4, -5, 6); // the second row begins at 3

describe('rowScores', () => {
  it('dot: 1*4 - 2*5 + 3*6 = 12', () => {
    expect(rowScores.dot(query, vectors, 3)).toBe(12);
  });

  it('l2: -((1-4)^2 + (2+5)^2 + (3-6)^2) = -67', () => {
    expect(rowScores.l2(query, vectors, 3)).toBe(-67);
  });

  it('adds in float64: 2^24 + 1 is lost in float32', () => {
    expect(rowScores.dot(Float64Array.of(1, 1), Float32Array.of(2 ** 24, 1), 0)).toBe(2 ** 24 + 1);
  });
});
