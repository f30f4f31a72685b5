import { profileOfRow } from './profile-row';

describe('profileOfRow', () => {
  const kinds = new Map([
    ['age', 'number'],
    ['tags', 'list'],
  ] as const);

  it('reads every other column as a feature', () => {
    expect(profileOfRow({ user: 7, country: 'nz', age: ' 41 ', tags: 'a|b', city: '' }, kinds)).toEqual({
      profile: { userId: '7', features: { country: 'nz', age: 41, tags: ['a', 'b'] } },
    });
  });

  it.each([
    [{ user: '' }, 'user: expected 1 to 128 bytes, found 0'],
    [{ user: 'u', age: 'old' }, 'age: expected a number, found "old"'],
  ])('says what is wrong with %j', (row, reason) => {
    expect(profileOfRow(row, kinds)).toEqual({ reason });
  });
});
