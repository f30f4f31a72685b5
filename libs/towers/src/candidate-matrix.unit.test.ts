import { createCandidateMatrix } from './candidate-matrix';
import * as tf from './tf';
import { backendsUnderTest, useBackend } from './use-backend.fixture';

describe.each(backendsUnderTest())('candidate matrix on %s', (backend) => {
  useBackend(backend);

  it('scores every query with every item, and holds one tensor until it is disposed of', () => {
    const before = tf.memory().numTensors;
    const matrix = createCandidateMatrix(Float32Array.of(1, 2, 3, 4, 5, 6), 2); // items (1, 2), (3, 4), (5, 6)
    expect(matrix.items).toBe(3);
    expect([...matrix.scores(Float32Array.of(1, 0, 10, -1))]).toEqual([1, 3, 5, 8, 26, 44]);
    expect([...matrix.scores(Float32Array.of(0, 1))]).toEqual([2, 4, 6]);
    expect(tf.memory().numTensors).toBe(before + 1);
    matrix.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});
