import { decodeStrictly, NotUtf8Error, RetrieveRequest } from './index';

/** `user_id = 1` (tag 0x0a) of the given bytes. */
const userIdOf = (...bytes: readonly number[]) => Buffer.from([0x0a, bytes.length, ...bytes]);

test.each([
  ['a byte that never stands alone', [0xff]],
  ['the start of a character and no more', [0x61, 0xc3]],
  ['a slash written longer than it is', [0xc0, 0xaf]],
  ['half a surrogate pair', [0xed, 0xa0, 0x80]],
])('%s is refused', (_, bytes) => {
  expect(() => decodeStrictly(RetrieveRequest.decode, userIdOf(...bytes))).toThrow(NotUtf8Error);
  expect(RetrieveRequest.decode(userIdOf(...bytes)).userId).toContain('\ufffd'); // which is why
});

test.each(['', 'u1', 'é', '\ufeffx', '\ufffd', '😀', '\u0000'])('%j arrives as it is', (userId) => {
  expect(decodeStrictly(RetrieveRequest.decode, userIdOf(...Buffer.from(userId))).userId).toBe(userId);
});
