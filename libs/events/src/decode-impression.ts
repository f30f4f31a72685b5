import type { Impression, Scalar } from '@gatehouse/domain';
import { z } from 'zod';
import { decodeFields, field, idField, integerField, recordField, textField, typeOf } from './check-fields';
import type { Rejection } from './ports';

/** Last instant that a JavaScript date can express. */
const maxEventTimeMs = 8.64e15;
type Writable<T> = { -readonly [K in keyof T]: T[K] };

const maxTextLength = 1024;

function contextProblem(value: unknown): string | undefined {
  if (typeof value === 'number' || typeof value === 'boolean') return undefined;
  if (typeof value !== 'string') return `expected a string, number or boolean, found ${typeOf(value)}`;
  return value.length > maxTextLength
    ? `expected at most ${maxTextLength} characters, found ${value.length}`
    : undefined;
}

const propensityField = field<number>((value) =>
  typeof value === 'number' && value > 0 && value <= 1
    ? undefined
    : `expected a number above 0 and at most 1, found ${typeof value === 'number' ? value : typeOf(value)}`,
);

const fields = z.object({
  eventId: idField,
  userId: idField,
  itemId: idField,
  eventTimeMs: integerField(0, maxEventTimeMs),
  action: textField(1, 64),
  // Many producers write null for what they do not know.
  requestId: idField.nullish(),
  position: integerField(1, Number.MAX_SAFE_INTEGER).nullish(),
  propensity: propensityField.nullish(),
  modelVersion: textField(1, 64).nullish(),
  context: recordField<Scalar>(64, contextProblem).nullish(),
});

/**
 * Turns the bytes of one record into an impression, or says why not. Never throws. Unknown fields are ignored; null is the same as absent.
 *
 * @example
 * decodeImpression(Buffer.from('{"eventId":"e1","userId":"u1","itemId":"i1","eventTimeMs":0,"action":"click"}'));
 * // { impression: { eventId: 'e1', ... } }
 * decodeImpression(Buffer.from('{')); // { rejection: { code: 'malformed-json', reason: ... } }
 */
export function decodeImpression(
  bytes: Uint8Array,
): { readonly impression: Impression } | { readonly rejection: Rejection } {
  const decoded = decodeFields(bytes, fields);
  if ('rejection' in decoded) return decoded;
  const { eventId, userId, itemId, eventTimeMs, action } = decoded.value;
  const { requestId, position, propensity, modelVersion, context } = decoded.value;
  // Null, like absent, is falsy; no valid value is.
  const impression: Writable<Impression> = { eventId, userId, itemId, eventTimeMs, action };
  if (requestId) impression.requestId = requestId;
  if (position) impression.position = position;
  if (propensity) impression.propensity = propensity;
  if (modelVersion) impression.modelVersion = modelVersion;
  if (context) impression.context = context;
  return { impression };
}
