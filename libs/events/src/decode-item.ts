import type { FeatureValue, Item } from '@gatehouse/domain';
import { z } from 'zod';
import { decodeFields, field, idField, recordField, typeOf } from './check-fields';
import type { Rejection } from './ports';

const maxTextLength = 16_384;
const maxListLength = 4096;

function featureProblem(value: unknown): string | undefined {
  if (typeof value === 'number') return undefined;
  if (typeof value === 'string') {
    return value.length > maxTextLength
      ? `expected at most ${maxTextLength} characters, found ${value.length}`
      : undefined;
  }
  if (!Array.isArray(value)) {
    return `expected a string, a number or a list of either, found ${typeOf(value)}`;
  }
  if (value.length > maxListLength) return `expected at most ${maxListLength} elements, found ${value.length}`;
  const type = typeof value[0];
  const uniform = value.every((element) => typeof element === type) && (type === 'string' || type === 'number');
  return value.length === 0 || uniform ? undefined : 'expected a list of strings or of numbers, found other elements';
}

const booleanField = field<boolean>((value) =>
  typeof value === 'boolean' ? undefined : `expected true or false, found ${typeOf(value)}`,
);

const fields = z.object({
  itemId: idField,
  features: recordField<FeatureValue>(256, featureProblem).default({}),
  available: booleanField.default(true),
});

/**
 * Turns bytes into a catalogue item, or says why not. Never throws. Unknown fields are ignored.
 *
 * @example decodeItem(Buffer.from('{"itemId":"i1","features":{"genres":["drama"]}}'));
 * // { item: { itemId: 'i1', features: { genres: ['drama'] }, available: true } }
 */
export function decodeItem(bytes: Uint8Array): { readonly item: Item } | { readonly rejection: Rejection } {
  const decoded = decodeFields(bytes, fields);
  return 'rejection' in decoded ? decoded : { item: decoded.value };
}
