import { Metadata } from '@grpc/grpc-js';

import { takeBearer } from './take-bearer';

function metadataOf(...authorizations: string[]): Metadata {
  const metadata = new Metadata();
  for (const authorization of authorizations) metadata.add('authorization', authorization);
  metadata.set('other', 'stays');
  return metadata;
}

test.each([
  ['Bearer abc', 'abc'],
  ['bearer A.b-c_d~e+f/g==', 'A.b-c_d~e+f/g=='],
  [`Bearer ${'a'.repeat(8192)}`, 'a'.repeat(8192)],
])('%.20s is a token, which nothing behind sees', (authorization, token) => {
  const metadata = metadataOf(authorization);
  expect(takeBearer(metadata)).toBe(token);
  expect(metadata.getMap()).toEqual({ other: 'stays' });
});

test('without the header there is none', () => {
  expect(takeBearer(metadataOf())).toBeUndefined();
});

test.each([
  [['']],
  [['Bearer']],
  [['Bearer ']],
  [['abc']],
  [['Basic abc']],
  [['Bearer a b']],
  [['Bearer a, Bearer b']],
  [['Bearer a=b']],
  [['Bearer abc', 'Bearer abc']],
  [[`Bearer ${'a'.repeat(8193)}`]],
])('%.40j is refused, and not seen either', (authorizations) => {
  const metadata = metadataOf(...authorizations);
  expect(() => takeBearer(metadata)).toThrow('expected valid credentials');
  expect(metadata.get('authorization')).toEqual([]);
});
