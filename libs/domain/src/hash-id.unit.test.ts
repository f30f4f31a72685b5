import { hashId, hashIds } from './hash-id';

/** Published values of MurmurHash3_x86_32 with seed 0x9747b28c, the seed of the low word; every length modulo 4 is there. */
const published: readonly (readonly [string, number])[] = [
  ['a', 0x7fa09ea6],
  ['aa', 0x5d211726],
  ['aaa', 0x283e0130],
  ['aaaa', 0x5a97808a],
  ['abc', 0xc84a62dd],
  ['Hello, world!', 0x24884cba],
  ['The quick brown fox jumps over the lazy dog', 0x2fa826cd],
  ['ππππππππ', 0xd58063c1],
];

describe('hashId', () => {
  it.each(published)('hashes %j as MurmurHash3 does', (id, low) => {
    expect(hashIds([id])[0]).toBe(low);
  });

  it('writes its two words at the place asked for, and nothing else', () => {
    const keys = new Uint32Array(6);
    hashId('aaaa', keys, 1);
    expect(keys[2]).toBe(0x5a97808a);
    expect(keys[3]).not.toBe(0);
    expect([keys[0], keys[1], keys[4], keys[5]]).toEqual([0, 0, 0, 0]);
  });

  it('hashes long ids after short ones', () => {
    const long = 'é'.repeat(2000);
    expect(hashIds(['a', long, 'a'])[4]).toBe(0x7fa09ea6);
    expect(hashIds([long])).toEqual(hashIds(['b', long]).subarray(2));
  });

  it('gives 200,000 ids 200,000 keys, and both words to all their values alike', () => {
    const keys = hashIds(Array.from({ length: 200_000 }, (_, i) => `item-${i}`));
    const distinct = new Set<bigint>();
    const halves = [0, 0];
    for (let i = 0; i < keys.length; i += 2) {
      distinct.add((BigInt(keys[i + 1]) << 32n) | BigInt(keys[i]));
      halves[0] += keys[i] >>> 31;
      halves[1] += keys[i + 1] >>> 31;
    }
    expect(distinct.size).toBe(200_000);
    // The top bit of each word is set for half of the ids: standard deviation sqrt(200,000 / 4) = 224, five of them allowed.
    for (const half of halves) expect(Math.abs(half - 100_000)).toBeLessThan(5 * 224);
  });
});
