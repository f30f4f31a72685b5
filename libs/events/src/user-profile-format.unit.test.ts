import { userProfileFormat } from './user-profile-format';

const decode = (value: object) => userProfileFormat.decode(Buffer.from(JSON.stringify(value)));

describe('a profile', () => {
  it('gives back what was encoded, and leaves out what it does not know', () => {
    const value = { userId: 'u1', features: { country: 'nz', age: 41, tags: ['a', 'b'] } };
    expect(userProfileFormat.decode(userProfileFormat.encode(value))).toEqual({ value });
    expect(decode({ userId: 'u1', email: 'x' })).toEqual({ value: { userId: 'u1', features: {} } });
  });

  it.each<[string, object]>([
    ['userId: expected a string, found undefined', {}],
    [
      'features: a: expected a string, a number or a list of either, found boolean',
      { userId: 'u', features: { a: true } },
    ],
  ])('is refused with the reason: %s', (reason, value) => {
    expect(decode(value)).toMatchObject({ rejection: { reason } });
  });
});
