import fc from 'fast-check';
import { keyLookup } from './key-lookup';

describe('keyLookup', () => {
  it('contains exactly the given keys, also where their low words collide', () => {
    // Few distinct words, so that slots and halves of keys collide often.
    const word = fc.constantFrom(0, 1, 2, 3, 4, 8, 0xffffffff);
    fc.assert(
      fc.property(fc.array(fc.tuple(word, word), { maxLength: 40 }), fc.tuple(word, word), (keys, [low, high]) => {
        const contains = keyLookup(Uint32Array.from(keys.flat()));
        expect(keys.every((key) => contains(...key))).toBe(true);
        expect(contains(low, high)).toBe(keys.some((key) => key[0] === low && key[1] === high));
      }),
    );
  });
});
