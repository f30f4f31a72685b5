import type { Impression, Scalar } from '@gatehouse/domain';
import { ImpressionMessage } from '@gatehouse/proto';
import { z } from 'zod';
import {
  checkFields,
  decodeFields,
  field,
  idField,
  integerField,
  recordField,
  textField,
  typeOf,
} from './check-fields';
import { type Decoded, forbiddenKeys, maxValueBytes, rejected } from './parse-json';
import type { Rejection } from './ports';

/** Last instant that a JavaScript date can express. */
const maxEventTimeMs = 8.64e15;
type Writable<T> = { -readonly [K in keyof T]: T[K] };

const maxTextLength = 1024;

function contextProblem(value: unknown): string | undefined {
  if (typeof value === 'boolean') return undefined;
  // Protobuf can carry them; in JSON, where canaries are kept, they would become null.
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : `expected a finite number, found ${value}`;
  if (typeof value !== 'string') return `expected a string, number or boolean, found ${typeOf(value)}`;
  return value.length > maxTextLength
    ? `expected at most ${maxTextLength} characters, found ${value.length}`
    : undefined;
}

const scalar = { anyOf: [{ type: 'string', maxLength: maxTextLength }, { type: 'number' }, { type: 'boolean' }] };

const propensityField = field<number>(
  (value) =>
    typeof value === 'number' && value > 0 && value <= 1
      ? undefined
      : `expected a number above 0 and at most 1, found ${typeof value === 'number' ? value : typeOf(value)}`,
  { type: 'number', exclusiveMinimum: 0, maximum: 1 },
);

/** Fields of an impression; others are ignored. */
export const impressionFields = z.object({
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
  context: recordField<Scalar>(64, contextProblem, scalar).nullish(),
});

/** An impression, or why there is none. */
export type DecodedImpression = { readonly impression: Impression } | { readonly rejection: Rejection };

/**
 * Turns the bytes of one record into an impression, or says why not. Never throws. Unknown fields are ignored; null is the same as absent.
 *
 * @param contentType what the record says that it is: protobuf where it names that, JSON in all other cases.
 * @example
 * decodeImpression(Buffer.from('{"eventId":"e1","userId":"u1","itemId":"i1","eventTimeMs":0,"action":"click"}'));
 * // { impression: { eventId: 'e1', ... } }
 * decodeImpression(Buffer.from('{')); // { rejection: { code: 'malformed-json', reason: ... } }
 */
export function decodeImpression(bytes: Uint8Array, contentType = ''): DecodedImpression {
  const decoded = protobufType.test(contentType) ? decodeMessage(bytes) : decodeFields(bytes, impressionFields);
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

/** `application/x-protobuf`, and what others write for it. */
const protobufType = /^application\/(x-|vnd\.google\.)?protobuf\b/i;

function decodeMessage(bytes: Uint8Array): Decoded<z.output<typeof impressionFields>> {
  if (bytes.length > maxValueBytes)
    return rejected('too-large', `value: expected at most ${maxValueBytes} bytes, found ${bytes.length}`);
  let message: ImpressionMessage;
  try {
    message = ImpressionMessage.decode(bytes);
  } catch {
    return rejected(
      'malformed-protobuf',
      `value: expected an Impression, found ${bytes.length} bytes that do not parse`,
    );
  }
  // The library puts U+FFFD where bytes are no UTF-8, and then two different ids could be one.
  const { eventId, userId, itemId, action, requestId, modelVersion } = message;
  if ([eventId, userId, itemId, action, requestId, modelVersion].some((text) => text?.includes('\uFFFD')))
    return rejected('invalid-utf8', 'value: expected UTF-8, found an invalid byte sequence');
  const context: Record<string, unknown> = Object.create(null) as Record<string, unknown>; // a key may be __proto__
  for (const [name, scalar] of message.context) {
    if (forbiddenKeys.has(name)) return rejected('forbidden-key', `context: expected no key ${name}`);
    context[name] = scalar.kind?.value;
  }
  const unset = message.context.size === 0 ? { context: undefined } : { context: { ...context } };
  return checkFields({ ...message, ...unset }, impressionFields);
}
