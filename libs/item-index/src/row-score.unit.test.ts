import { createRandom } from '@gatehouse/domain';

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

  it.each([1, 3, 4, 5, 8, 11])('adds in the order of the dimensions, in float64 (dimension %i)', (dimension) => {
    const random = createRandom('scores', dimension);
    const [q, x] = [0, 1].map(() => Float32Array.from({ length: dimension }, () => random.next() - 0.5));
    let sum = 0;
    let distance = 0;
    for (let d = 0; d < dimension; d++) {
      sum += q[d] * x[d];
      distance += (q[d] - x[d]) ** 2;
    }
    expect(rowScores.dot(Float64Array.from(q), x, 0)).toBe(sum);
    expect(rowScores.l2(Float64Array.from(q), x, 0)).toBe(-distance);
  });

  it('adds in float64: 2^24 + 1 is lost in float32', () => {
    expect(rowScores.dot(Float64Array.of(1, 1), Float32Array.of(2 ** 24, 1), 0)).toBe(2 ** 24 + 1);
  });
});
