import type { Item } from '@gatehouse/domain';
import fc from 'fast-check';
import { itemFormat } from './item-format';

function decode(value: object) {
  return itemFormat.decode(Buffer.from(JSON.stringify(value)));
}

const finite = fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0);
const feature = fc.oneof(fc.string(), finite, fc.array(fc.string()), fc.array(finite));
const item: fc.Arbitrary<Item> = fc.record({
  itemId: fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 128 }),
  features: fc.dictionary(
    fc.string({ minLength: 1 }).filter((name) => !['__proto__', 'constructor', 'prototype'].includes(name)),
    feature,
    { noNullPrototype: true },
  ),
  available: fc.boolean(),
});

describe('an item', () => {
  it('gives back what was encoded', () => {
    fc.assert(
      fc.property(item, (value) => {
        expect(itemFormat.decode(itemFormat.encode(value))).toEqual({ value });
      }),
    );
  });

  it('takes absent features as none and absent availability as available', () => {
    expect(decode({ itemId: 'i', unknown: 1 })).toEqual({ value: { itemId: 'i', features: {}, available: true } });
  });

  it.each<[string, object]>([
    ['itemId: expected a string, found undefined', {}],
    ['itemId: expected 1 to 128 bytes, found 0', { itemId: '' }],
    ['available: expected true or false, found string', { itemId: 'i', available: 'yes' }],
    ['features: expected an object, found list', { itemId: 'i', features: [] }],
    [
      'features: a: expected a string, a number or a list of either, found boolean',
      { itemId: 'i', features: { a: true } },
    ],
    [
      'features: a: expected a string, a number or a list of either, found null',
      { itemId: 'i', features: { a: null } },
    ],
    [
      'features: a: expected a list of strings or of numbers, found other elements',
      { itemId: 'i', features: { a: ['x', 1] } },
    ],
    [
      'features: a: expected a list of strings or of numbers, found other elements',
      { itemId: 'i', features: { a: [[1]] } },
    ],
    [
      'features: a: expected at most 4096 elements, found 4097',
      { itemId: 'i', features: { a: new Array<number>(4097).fill(1) } },
    ],
    [
      'features: a: expected at most 16384 characters, found 16385',
      { itemId: 'i', features: { a: 'x'.repeat(16_385) } },
    ],
    [
      'features: expected at most 256 entries, found 257',
      { itemId: 'i', features: Object.fromEntries(Array.from({ length: 257 }, (_, i) => [`f${i}`, i])) },
    ],
  ])('rejects: %s', (reason, value) => {
    expect(decode(value)).toMatchObject({ rejection: { reason } });
  });

  it('never throws', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.json().map((text) => Buffer.from(text)),
        ),
        (bytes) => {
          expect(Object.keys(itemFormat.decode(bytes))).toHaveLength(1);
        },
      ),
    );
  });
});
