import { createRandom } from '@gatehouse/domain';

import { createKeyCounts } from './key-counts';

describe('key counts', () => {
  it.each([1, 2, 3])('equals a map of bigints, through growth and equal addresses (seed %i)', (seed) => {
    const random = createRandom('keys', seed);
    const word = (): number => random.below(random.next() < 0.5 ? 64 : 2 ** 32);
    const counts = createKeyCounts();
    const oracle = new Map<bigint, number>();
    for (let i = 0; i < 5000; i++) {
      const [low, high, by] = [word(), word(), 1 + random.below(9)];
      counts.add(low, high, by);
      const key = joined(low, high);
      oracle.set(key, (oracle.get(key) ?? 0) + by);
    }
    const read = [...oracle.keys()].map((key): [bigint, number] => [
      key,
      counts.get(Number(key & 0xffffffffn), Number(key >> 32n)),
    ]);
    expect(new Map(read)).toEqual(oracle);
    expect(counts.size).toBe(oracle.size);
    const { keys, counts: dense } = counts.entries();
    const listed = Array.from(dense, (count, i): [bigint, number] => [joined(keys[2 * i], keys[2 * i + 1]), count]);
    expect(listed).toHaveLength(oracle.size);
    expect(new Map(listed)).toEqual(oracle);
  });

  it('keeps keys that share a word apart', () => {
    const counts = createKeyCounts();
    counts.add(1, 2, 5);
    counts.add(2, 1, 7);
    counts.add(1, 1, 9);
    expect([counts.get(1, 2), counts.get(2, 1), counts.get(1, 1), counts.get(2, 2)]).toEqual([5, 7, 9, 0]);
  });
});

function joined(low: number, high: number): bigint {
  return (BigInt(high) << 32n) | BigInt(low);
}
