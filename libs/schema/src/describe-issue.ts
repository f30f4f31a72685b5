import type { z } from 'zod';

type RawIssue = z.core.$ZodRawIssue;

const typeNames: Readonly<Record<string, string>> = {
  object: 'a mapping',
  record: 'a mapping',
  array: 'a list',
  string: 'a string',
  number: 'a number',
  int: 'an integer',
  boolean: 'true or false',
};

/**
 * Says what a zod type allows, as the first half of a message: `expected ...`.
 *
 * @example type.safeParse(value, { error: describeIssue });
 */
export function describeIssue(issue: RawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${typeNames[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `expected ${oneOf(issue.values.map(String))}`;
    case 'unrecognized_keys':
      return `expected ${oneOf(keysOf(issue.inst))}`;
    case 'too_small':
      return `expected ${bound(issue.origin, issue.inclusive === false ? 'more than' : 'at least', issue.minimum)}`;
    case 'too_big':
      return `expected ${bound(issue.origin, issue.inclusive === false ? 'less than' : 'at most', issue.maximum)}`;
    case 'invalid_key':
      return issue.issues[0]?.message;
    case 'invalid_union':
      if (Array.isArray(issue['options'])) return `expected ${oneOf(issue['options'].map(String))}`;
      return [...new Set(issue.errors.flat().map(({ message }) => message))].join(' or ');
    default:
      return undefined; // a custom check, which brings its own message, or zod's text
  }
}

function oneOf(allowed: readonly string[]): string {
  return allowed.length === 1 ? allowed[0] : `one of ${allowed.join(', ')}`;
}

function keysOf(type: RawIssue['inst']): string[] {
  const def: unknown = type?._zod.def;
  const isObject = typeof def === 'object' && def !== null && 'shape' in def;
  return isObject ? Object.keys(def.shape as z.core.$ZodShape) : [];
}

function bound(origin: string, comparison: string, limit: number | bigint): string {
  if (origin === 'string') return `${comparison} ${limit} characters`;
  if (origin === 'array') return `${comparison} ${limit} entries`;
  return origin === 'int' || origin === 'number' ? `a number of ${comparison} ${limit}` : `${comparison} ${limit} keys`;
}

/**
 * Describes a value in few characters, as the second half of a message. Values of secret keys stay hidden.
 *
 * @example describeFound('loud', ['log', 'level']); // '"loud"'
 */
export function describeFound(value: unknown, path: readonly PropertyKey[]): string {
  if (value === undefined || value === null) return 'nothing';
  if (/password|secret|token|apikey/i.test(String(path.at(-1)))) return 'a hidden value';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  if (typeof value === 'object') return Object.keys(value).length === 0 ? 'an empty mapping' : 'a mapping';
  const text = typeof value === 'number' ? String(value) : JSON.stringify(value); // JSON has no infinity
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
