import { idProblem } from '@gatehouse/domain';
import { z } from 'zod';
import { type Decoded, parseJson, rejected } from './parse-json';

/** Longest name of a feature or context field, in characters. */
const maxNameLength = 128;
/** Half of a surrogate pair: two ids that differ only there are the same UTF-8 bytes. */
const loneSurrogate = /\p{Surrogate}/u;

/**
 * A field whose problem is found by a function: zod's own refinements cost several times as much per event.
 *
 * @param described the same as JSON schema says it, for those who produce events
 */
export function field<T>(problemOf: (value: unknown) => string | undefined, described: object = {}) {
  return z
    .custom<T>((value) => problemOf(value) === undefined, { error: ({ input }) => problemOf(input) })
    .meta({ ...described });
}

/** An id: 1 to 128 bytes of UTF-8. */
export const idField = field<string>(
  (id) =>
    idProblem(id) ??
    (loneSurrogate.test(id as string) ? 'expected Unicode text, found half of a surrogate pair' : undefined),
  { type: 'string', minLength: 1, description: 'Opaque id: 1 to 128 bytes of UTF-8.' },
);

/** Text of `minLength` to `maxLength` UTF-16 code units. */
export function textField(minLength: number, maxLength: number) {
  return field<string>(
    (text) => {
      if (typeof text !== 'string') return `expected a string, found ${typeOf(text)}`;
      if (text.length >= minLength && text.length <= maxLength) return undefined;
      return `expected ${minLength} to ${maxLength} characters, found ${text.length}`;
    },
    { type: 'string', minLength, maxLength },
  );
}

/** A whole number in [min, max]. */
export function integerField(min: number, max: number) {
  return field<number>(
    (value) => {
      if (typeof value !== 'number') return `expected a whole number, found ${typeOf(value)}`;
      if (Number.isInteger(value) && value >= min && value <= max) return undefined;
      return `expected a whole number from ${min} to ${max}, found ${value}`;
    },
    { type: 'integer', minimum: min, maximum: max },
  );
}

/** A record of at most `maxEntries` values, each checked by `problemOf`. */
export function recordField<T>(
  maxEntries: number,
  problemOf: (value: unknown) => string | undefined,
  described: object = {},
) {
  return field<Record<string, T>>(
    (record) => {
      if (typeof record !== 'object' || record === null || Array.isArray(record)) {
        return `expected an object, found ${typeOf(record)}`;
      }
      const entries = Object.entries(record);
      if (entries.length > maxEntries) return `expected at most ${maxEntries} entries, found ${entries.length}`;
      for (const [name, value] of entries) {
        if (name.length < 1 || name.length > maxNameLength) {
          return `expected names of 1 to ${maxNameLength} characters, found one of ${name.length}`;
        }
        const problem = problemOf(value);
        if (problem !== undefined) return `${name}: ${problem}`;
      }
      return undefined;
    },
    { type: 'object', maxProperties: maxEntries, additionalProperties: described },
  );
}

/** Name of a JSON type, for messages. */
export function typeOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'list' : typeof value;
}

/** Parses hostile JSON and checks its fields; see {@link checkFields}. */
export function decodeFields<T>(bytes: Uint8Array, schema: z.ZodType<T>): Decoded<T> {
  const parsed = parseJson(bytes);
  return 'rejection' in parsed ? parsed : checkFields(parsed.value, schema);
}

/** Checks fields; the first problem becomes the one reason, and names the field. */
export function checkFields<T>(value: Readonly<Record<string, unknown>>, schema: z.ZodType<T>): Decoded<T> {
  const checked = schema.safeParse(value);
  if (checked.success) return { value: checked.data };
  const [{ path, message }] = checked.error.issues;
  const name = path.map(String).join('.');
  const code = name in value ? 'invalid-field' : 'missing-field';
  return rejected(code, `${name}: ${message}`);
}
