import { topPopularity } from './top-popularity';

describe('topPopularity', () => {
  it('is the mean share of the first ten of each row', () => {
    // 12 items; item i occurred i times, 66 in all. Row 0 ranks 11, 10, ..., 2 first: 65 occurrences. Row 1 ranks 0, ..., 9 first: 45.
    const counts = Float32Array.from({ length: 12 }, (_, i) => i);
    const scores = Float32Array.from([...counts, ...counts.map((count) => -count)]);
    expect(topPopularity(scores, 2, counts)).toBeCloseTo((65 + 45) / 66 / 20, 6);
  });

  it('takes all items of a small catalogue, and knows nothing without rows or occurrences', () => {
    expect(topPopularity(Float32Array.of(1, 2), 1, Float32Array.of(3, 1))).toBeCloseTo(0.5, 6);
    expect(topPopularity(new Float32Array(0), 0, Float32Array.of(3, 1))).toBeUndefined();
    expect(topPopularity(Float32Array.of(1, 2), 1, new Float32Array(2))).toBeUndefined();
  });
});
