import { ImpressionMessage } from '@gatehouse/proto';
import type { Impression } from '@gatehouse/domain';
import fc from 'fast-check';
import { decodeImpression } from './decode-impression';
import { encodeImpression } from './encode-impression';
import { impression } from './samples.contract';

/** Decodes JSON text, or an object that is written as JSON first. */
function decode(value: object | string) {
  return decodeImpression(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)));
}

const id = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
  .filter((text) => Buffer.byteLength(text) >= 1 && Buffer.byteLength(text) <= 128);
const name = fc
  .string({ minLength: 1, maxLength: 20 })
  .filter((text) => !['__proto__', 'constructor', 'prototype'].includes(text));
const finite = fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0);
const valid: fc.Arbitrary<Impression> = fc
  .record(
    {
      eventId: id,
      userId: id,
      itemId: id,
      eventTimeMs: fc.nat(8.64e15),
      action: fc.string({ minLength: 1, maxLength: 64 }),
      requestId: id,
      position: fc.integer({ min: 1 }),
      propensity: fc.double({ min: 0, max: 1, minExcluded: true, noNaN: true }),
      modelVersion: fc.string({ minLength: 1, maxLength: 64 }),
      context: fc.dictionary(name, fc.oneof(fc.string(), finite, fc.boolean()), { maxKeys: 8, noNullPrototype: true }),
    },
    { requiredKeys: ['eventId', 'userId', 'itemId', 'eventTimeMs', 'action'] },
  )
  .map((fields) => fields);

describe('decodeImpression of protobuf', () => {
  const type = 'application/x-protobuf';
  const message = {
    ...{ eventId: 'e', userId: 'ü', itemId: 'i', eventTimeMs: 1_700_000_000_000, action: 'click', requestId: 'r' },
    ...{ position: 3, propensity: 0.5, modelVersion: '1-2' },
    context: new Map([
      ['device', { kind: { $case: 'stringValue' as const, value: 'phone' } }],
      ['hour', { kind: { $case: 'numberValue' as const, value: 7 } }],
      ['member', { kind: { $case: 'boolValue' as const, value: false } }],
    ]),
  };
  const contextOf = (value: number) => new Map([['hour', { kind: { $case: 'numberValue' as const, value } }]]);
  const encode = (changes: object = {}): Uint8Array => ImpressionMessage.encode({ ...message, ...changes }).finish();

  it('reads what the message says', () => {
    const { context, ...rest } = message;
    expect(context.size).toBe(3);
    expect(decodeImpression(encode(), type)).toEqual({
      impression: { ...rest, context: { device: 'phone', hour: 7, member: false } },
    });
    const { requestId, position, propensity, modelVersion, ...required } = rest;
    expect([requestId, position, propensity, modelVersion]).not.toContain(undefined);
    const absent = { requestId: undefined, position: undefined, propensity: undefined, modelVersion: undefined };
    expect(decodeImpression(encode({ ...absent, context: new Map() }), type)).toEqual({ impression: required });
  });

  it.each<[string, Uint8Array, string]>([
    ['JSON', Buffer.from('{"eventId":"e"}'), 'malformed-protobuf'],
    ['half a message', encode().subarray(0, 20), 'malformed-protobuf'],
    ['no bytes: every field is empty', new Uint8Array(), 'invalid-field'],
    ['invalid UTF-8', Buffer.from(encode({ userId: 'xx' })).fill(0xff, 5, 7), 'invalid-utf8'],
    ['a time below zero', encode({ eventTimeMs: -1 }), 'invalid-field'],
    ['a propensity that is no number', encode({ propensity: NaN }), 'invalid-field'],
    ['a context of NaN', encode({ context: contextOf(NaN) }), 'invalid-field'],
    ['an infinite context', encode({ context: contextOf(-Infinity) }), 'invalid-field'],
    ['a context value of no kind', encode({ context: new Map([['a', { kind: undefined }]]) }), 'invalid-field'],
    ['a prototype key', encode({ context: new Map([['__proto__', { kind: undefined }]]) }), 'forbidden-key'],
    ['a value above 64 KiB', encode({ action: 'x'.repeat(70_000) }), 'too-large'],
  ])('rejects %s', (_, bytes, code) => {
    expect(decodeImpression(bytes, type)).toMatchObject({ rejection: { code } });
  });

  it.each(['application/protobuf', 'application/vnd.google.protobuf; proto=Impression', 'APPLICATION/X-PROTOBUF'])(
    'takes %s for it',
    (each) => expect(decodeImpression(encode(), each)).toHaveProperty('impression'),
  );
});

describe('decodeImpression', () => {
  it('gives back what was encoded', () => {
    fc.assert(
      fc.property(valid, (event) => {
        expect(decodeImpression(encodeImpression(event))).toEqual({ impression: event });
      }),
    );
  });

  it('ignores unknown fields, and reads null as absent', () => {
    const event = { ...impression(), requestId: null, position: null, propensity: null, context: null, extra: [{}] };
    expect(decode({ ...event, modelVersion: null })).toEqual({ impression: impression() });
  });

  it('accepts the limits themselves', () => {
    const widest = impression({
      ...{ eventId: 'é'.repeat(64), userId: 'x'.repeat(128), requestId: 'r'.repeat(128), action: 'a'.repeat(64) },
      ...{ eventTimeMs: 8.64e15, position: 1, propensity: 1 },
      context: Object.fromEntries(Array.from({ length: 64 }, (_, i) => [`k${i}`, 'v'.repeat(900)])),
    });
    expect(decode(widest)).toEqual({ impression: widest });
    expect(decode(impression({ eventTimeMs: 0, propensity: 5e-324 }))).toHaveProperty('impression');
    const padded = JSON.stringify(impression()).padEnd(65_536);
    expect(decode(padded)).toHaveProperty('impression');
  });

  it.each<[string, string, object | string]>([
    ['too-large', 'value: expected at most 65536 bytes, found 65537', JSON.stringify(impression()).padEnd(65_537)],
    ['malformed-json', 'value: expected a JSON object, found 1 bytes that do not parse', '{'],
    ['malformed-json', 'value: expected a JSON object, found 0 bytes that do not parse', ''],
    ['malformed-json', 'value: expected a JSON object, found null', 'null'],
    ['malformed-json', 'value: expected a JSON object, found a list', '[]'],
    ['malformed-json', 'value: expected a JSON object, found a number', '1'],
    ['malformed-json', 'value: expected a JSON object, found 11 bytes that do not parse', '{"a": NaN }'],
    ['too-deep', 'value: expected nesting up to 8, found more', { ...impression(), x: [[[[[[[[]]]]]]]] }],
    ['too-deep', 'value: expected nesting up to 8, found more', `{"a":${'['.repeat(30_000)}${']'.repeat(30_000)}}`],
    ['forbidden-key', 'value: expected no key __proto__, found one at depth 1', '{"__proto__":{"polluted":true}}'],
    ['forbidden-key', 'value: expected no key __proto__, found one at depth 3', '{"a":[{"__proto__":1}]}'],
    ['forbidden-key', 'value: expected no key constructor, found one at depth 2', '{"context":{"constructor":1}}'],
    ['forbidden-key', 'value: expected no key prototype, found one at depth 1', '{"prototype":1}'],
    ['invalid-field', 'x: expected a finite number, found one beyond the range of doubles', '{"x":1e999}'],
    ['missing-field', 'eventId: expected a string, found undefined', {}],
    ['invalid-field', 'eventId: expected 1 to 128 bytes, found 0', impression({ eventId: '' })],
    ['invalid-field', 'userId: expected 1 to 128 bytes, found 129', impression({ userId: 'x'.repeat(129) })],
    ['invalid-field', 'userId: expected 1 to 128 bytes, found 130', impression({ userId: 'é'.repeat(65) })],
    ['invalid-field', 'itemId: expected a string, found number', { ...impression(), itemId: 42 }],
    [
      'invalid-field',
      'itemId: expected Unicode text, found half of a surrogate pair',
      impression({ itemId: '\ud800' }),
    ],
    ['invalid-field', 'eventTimeMs: expected a whole number, found string', { ...impression(), eventTimeMs: '1' }],
    ['invalid-field', 'eventTimeMs: expected a whole number, found null', impression({ eventTimeMs: NaN })],
    [
      'invalid-field',
      'eventTimeMs: expected a whole number from 0 to 8640000000000000, found 1.5',
      impression({ eventTimeMs: 1.5 }),
    ],
    [
      'invalid-field',
      'eventTimeMs: expected a whole number from 0 to 8640000000000000, found -1',
      impression({ eventTimeMs: -1 }),
    ],
    [
      'invalid-field',
      'eventTimeMs: expected a whole number from 0 to 8640000000000000, found 8640000000000001',
      impression({ eventTimeMs: 8.64e15 + 1 }),
    ],
    ['invalid-field', 'action: expected 1 to 64 characters, found 0', impression({ action: '' })],
    ['invalid-field', 'action: expected 1 to 64 characters, found 65', impression({ action: 'a'.repeat(65) })],
    ['invalid-field', 'requestId: expected 1 to 128 bytes, found 0', impression({ requestId: '' })],
    [
      'invalid-field',
      'position: expected a whole number from 1 to 9007199254740991, found 0',
      impression({ position: 0 }),
    ],
    ['invalid-field', 'propensity: expected a number above 0 and at most 1, found 0', impression({ propensity: 0 })],
    [
      'invalid-field',
      'propensity: expected a number above 0 and at most 1, found 1.01',
      impression({ propensity: 1.01 }),
    ],
    ['invalid-field', 'context: expected an object, found list', { ...impression(), context: [] }],
    [
      'invalid-field',
      'context: a: expected a string, number or boolean, found null',
      { ...impression(), context: { a: null } },
    ],
    [
      'invalid-field',
      'context: a: expected at most 1024 characters, found 1025',
      impression({ context: { a: 'x'.repeat(1025) } }),
    ],
    [
      'invalid-field',
      'context: expected names of 1 to 128 characters, found one of 0',
      impression({ context: { '': 1 } }),
    ],
    [
      'invalid-field',
      'context: expected at most 64 entries, found 65',
      impression({ context: Object.fromEntries(Array.from({ length: 65 }, (_, i) => [i, i])) }),
    ],
  ])('rejects with %s: %s', (code, reason, value) => {
    expect(decode(value)).toEqual({ rejection: { code, reason } });
  });

  it('rejects invalid UTF-8', () => {
    const bytes = Buffer.from(JSON.stringify(impression()));
    bytes[bytes.indexOf('click')] = 0xff;
    expect(decodeImpression(bytes)).toEqual({
      rejection: { code: 'invalid-utf8', reason: 'value: expected UTF-8, found an invalid byte sequence' },
    });
  });

  it('bounds the reason, whatever the names in the event', () => {
    const decoded = decode(`{"${'n'.repeat(5000)}":1e999}`);
    expect('rejection' in decoded && decoded.rejection.reason.length).toBeLessThanOrEqual(303);
  });

  it('never throws, on any bytes and on any mutation of a valid event', () => {
    const mutated = fc
      .tuple(valid, fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 6 }))
      .map(([event, edits]) => {
        const bytes = Buffer.from(encodeImpression(event));
        for (const [at, byte] of edits) bytes[at % bytes.length] = byte;
        return bytes;
      });
    const anything = fc.oneof(
      fc.uint8Array(),
      fc.json().map((text) => Buffer.from(text)),
      mutated,
    );
    fc.assert(
      fc.property(anything, (bytes) => {
        const decoded = decodeImpression(bytes);
        // What passes is valid: it can be written and read again.
        expect('rejection' in decoded || 'impression' in decodeImpression(encodeImpression(decoded.impression))).toBe(
          true,
        );
      }),
      { numRuns: 1000 },
    );
  });
});

describe('encodeImpression', () => {
  it('refuses what no reader would accept for its size', () => {
    const large = impression({ context: { text: 'x'.repeat(65_536) } });
    expect(() => encodeImpression(large)).toThrow(
      /impression: expected at most 65536 bytes, found 65\d\d\d: drop fields/,
    );
  });
});
