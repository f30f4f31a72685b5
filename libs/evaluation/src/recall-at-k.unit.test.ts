import { recallAtK } from './recall-at-k';

describe('recall at k', () => {
  it.each([
    [['a'], 3, 1],
    [['c', 'x'], 3, 1 / 2],
    [['c', 'x'], 2, 0],
    [['a', 'b', 'c', 'x'], 2, 2 / 4], // divided by all that is relevant, not by k
  ])('with relevant %j at k = %i is %f', (relevant, k, expected) => {
    expect(recallAtK(['a', 'b', 'c', 'd'], new Set(relevant), k)).toBe(expected);
  });

  it('is undefined without relevant items', () => {
    expect(() => recallAtK(['a'], new Set<string>(), 4)).toThrow('expected at least 1 relevant item, found 0');
  });
});
