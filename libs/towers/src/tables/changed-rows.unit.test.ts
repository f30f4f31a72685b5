import { createRandom } from '@gatehouse/domain';

import { createChangedRows } from './changed-rows';

describe('changed rows', () => {
  it.each([1, 2, 3])('agree with a JavaScript Set, on both sides of every word (seed %i)', (seed) => {
    const random = createRandom('rows', seed);
    const changed = createChangedRows();
    for (const rounds of [0, 1, 40, 200]) {
      const oracle = new Set<number>();
      for (let n = 0; n < rounds; n++) oracle.add(random.below(400));
      changed.addAll(Int32Array.from(oracle));
      for (const [from, to] of [
        [0, 400],
        [0, 31],
        [0, 32],
        [31, 33],
        [32, 64],
        [63, 64],
        [5, 5],
        [100, 100_000],
      ]) {
        const expected = [...oracle].filter((row) => row >= from && row < to).map((row) => row - from);
        expect([...changed.between(from, to)]).toEqual(expected.sort((a, b) => a - b));
      }
      changed.clear();
      expect(changed.between(0, 400)).toHaveLength(0);
    }
  });

  it('hold the last bit of a word', () => {
    const changed = createChangedRows();
    changed.add(31);
    changed.add(31);
    expect([...changed.between(0, 64)]).toEqual([31]);
  });
});
