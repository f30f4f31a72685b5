import { coverage } from './coverage';

const catalogue = new Set(['a', 'b', 'c', 'd']);

describe('coverage', () => {
  it.each([
    [[], 0],
    [[['a', 'b'], ['b']], 2 / 4],
    [[['a', 'gone']], 1 / 4], // what is not in the catalogue covers nothing
    [[['a', 'b'], ['c'], [], ['d', 'a']], 1],
  ])('of %j is %f', (answers, expected) => {
    expect(coverage(answers, catalogue)).toBe(expected);
  });

  it('is undefined for an empty catalogue', () => {
    expect(() => coverage([['a']], new Set())).toThrow('expected a catalogue with items, found none');
  });
});
