import { createRandom } from './random';

describe('createRandom', () => {
  it.each([0, 1, 7, 2 ** 31])('gives the same numbers for seed %d, in [0, 1)', (seed) => {
    const [a, b] = [createRandom('a', seed), createRandom('b', seed)];
    for (let i = 0; i < 1000; i++) {
      const value = a.next();
      expect(value).toBe(b.next());
      expect(value >= 0 && value < 1).toBe(true);
    }
  });

  it.each([1, 2, 3])('is uniform over ten buckets (seed %d)', (seed) => {
    const random = createRandom('random', seed);
    const counts = new Array<number>(10).fill(0);
    for (let i = 0; i < 100_000; i++) counts[random.below(10)]++;
    const chiSquare = counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
    expect(chiSquare).toBeLessThan(27.88); // 9 degrees of freedom, probability .001
  });

  it('goes on from a snapshot as if it had never stopped, and leaves the snapshot alone', () => {
    const random = createRandom('random', 5);
    for (let i = 0; i < 17; i++) random.next();
    const snapshot = random.snapshot();
    const expected = Array.from({ length: 50 }, () => random.next());
    for (let run = 0; run < 2; run++) {
      const restored = createRandom('random', 99);
      restored.restore(snapshot);
      expect(Array.from({ length: 50 }, () => restored.next())).toEqual(expected);
    }
  });

  it('differs from seed to seed', () => {
    const firsts = new Set(Array.from({ length: 1000 }, (_, seed) => createRandom('random', seed).next()));
    expect(firsts.size).toBe(1000);
  });
});
