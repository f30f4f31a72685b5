import { compareIndexIds, isIndexId, parseIndexId } from './index-id';

describe('index ids', () => {
  it('are a model version and a build', () => {
    expect(parseIndexId('3-17.1')).toEqual({ modelVersion: '3-17', build: 1 });
    expect(parseIndexId('1-1.0')).toEqual({ modelVersion: '1-1', build: 0 });
  });

  it.each(['3-17', '3-17.', '.1', '3.17.1', '3-17.1/..', '../3-17.1', ' 3-17.1', '3-17.1\n', '0-1.1', '٣-1.1'])(
    'are not %j',
    (text) => {
      expect(isIndexId(text)).toBe(false);
      expect(() => parseIndexId(text)).toThrow(
        `expected <modelVersion>.<build> such as 3-17.1, found ${JSON.stringify(text)}`,
      );
    },
  );

  it('are ordered by numbers', () => {
    const ordered = ['1-2.1', '1-10.2', '1-10.10', '2-1.1'];
    expect([...ordered].reverse().sort(compareIndexIds)).toEqual(ordered);
    expect(compareIndexIds('1-1.1', '1-1.1')).toBe(0);
  });
});
