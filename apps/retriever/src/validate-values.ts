import type { FeatureValue, Scalar } from '@gatehouse/domain';
import type { FeatureValue as WireFeatureValue, Scalar as WireScalar } from '@gatehouse/proto';

import { InvalidRequestError, quote } from './invalid-request-error';

const maxTextBytes = 1024;
const maxListLength = 4096;
const maxEntries = 64;
const namePattern = /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/;

/** Checks the names of a map and its values. @throws InvalidRequestError */
export function validateEntries<Wire, Value>(
  entries: ReadonlyMap<string, Wire>,
  field: string,
  validate: (value: Wire, field: string) => Value,
): Readonly<Record<string, Value>> {
  if (entries.size > maxEntries)
    throw new InvalidRequestError(field, `at most ${maxEntries} entries`, String(entries.size));
  return Object.fromEntries(
    Array.from(entries, ([name, value]) => {
      if (!namePattern.test(name))
        throw new InvalidRequestError(
          field,
          'names of 1 to 64 letters, digits, _, . and -, the first a letter',
          quote(name),
        );
      return [name, validate(value, `${field}.${name}`)];
    }),
  );
}

/** Checks one plain value. @throws InvalidRequestError */
export function validateScalar(value: WireScalar | undefined, field: string): Scalar {
  switch (value?.kind?.$case) {
    case 'stringValue':
      return checkText(value.kind.value, field);
    case 'numberValue':
      return checkNumber(value.kind.value, field);
    case 'boolValue':
      return value.kind.value;
    case undefined:
      throw new InvalidRequestError(field, 'a string, number or bool', 'nothing');
  }
}

/** Checks the value of one feature. @throws InvalidRequestError */
export function validateFeature({ kind }: WireFeatureValue, field: string): FeatureValue {
  switch (kind?.$case) {
    case 'stringValue':
      return checkText(kind.value, field);
    case 'numberValue':
      return checkNumber(kind.value, field);
    case 'strings':
      return checkLength(kind.value.values, field).map((text, i) => checkText(text, `${field}[${i}]`));
    case 'numbers':
      return checkLength(kind.value.values, field).map((number, i) => checkNumber(number, `${field}[${i}]`));
    case undefined:
      throw new InvalidRequestError(field, 'a string, a number or a list of them', 'nothing');
  }
}

function checkText(text: string, field: string): string {
  const bytes = Buffer.byteLength(text);
  if (bytes > maxTextBytes) throw new InvalidRequestError(field, `at most ${maxTextBytes} bytes`, String(bytes));
  return text;
}

function checkNumber(value: number, field: string): number {
  if (!Number.isFinite(value)) throw new InvalidRequestError(field, 'a finite number', String(value));
  return value;
}

function checkLength<T>(values: readonly T[], field: string): readonly T[] {
  if (values.length > maxListLength)
    throw new InvalidRequestError(field, `at most ${maxListLength} values`, String(values.length));
  return values;
}
