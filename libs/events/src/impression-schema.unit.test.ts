import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import Ajv from 'ajv/dist/2020';

import { decodeImpression } from './decode-impression';
import { impressionJsonSchema } from './impression-schema';

const event = { eventId: 'e', userId: 'u', itemId: 'i', eventTimeMs: 1_700_000_000_000, action: 'click' };

describe('JSON schema of an impression', () => {
  it('stands in the documentation as it is (npx nx codegen events)', () => {
    const file = join(__dirname, '../../../docs/impression.schema.json');
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(impressionJsonSchema());
  });

  it.each<[string, object, boolean]>([
    ['the required fields', {}, true],
    [
      'all fields',
      { requestId: 'r', position: 1, propensity: 0.5, modelVersion: '1-1', context: { a: 'b', c: 1, d: true } },
      true,
    ],
    ['null for what is not known', { requestId: null, position: null, propensity: null, context: null }, true],
    ['fields that nobody knows', { colour: 'blue' }, true],
    ['no user', { userId: undefined }, false],
    ['an empty id', { itemId: '' }, false],
    ['a time that is text', { eventTimeMs: '1700000000000' }, false],
    ['a time below zero', { eventTimeMs: -1 }, false],
    ['a position of zero', { position: 0 }, false],
    ['a propensity above one', { propensity: 1.5 }, false],
    ['a long action', { action: 'x'.repeat(65) }, false],
    ['nested context', { context: { a: {} } }, false],
    ['too much context', { context: Object.fromEntries(Array.from({ length: 65 }, (_, n) => [`k${n}`, n])) }, false],
  ])('says of %s what the decoder says', (_, changes, isValid) => {
    const value: unknown = JSON.parse(JSON.stringify({ ...event, ...changes }));
    expect(new Ajv({ strict: false }).validate(impressionJsonSchema(), value)).toBe(isValid);
    expect('impression' in decodeImpression(Buffer.from(JSON.stringify(value)))).toBe(isValid);
  });
});
