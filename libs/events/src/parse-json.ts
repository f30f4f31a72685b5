import type { Rejection } from './ports';

/** Largest value of an impression or an item, in bytes. */
export const maxValueBytes = 65_536;
/** Deepest nesting of objects and lists. Ours need two; more is accepted in fields that we ignore. */
export const maxJsonDepth = 8;

/** What a decoder returns: the value, or why there is none. */
export type Decoded<T> = { readonly value: T } | { readonly rejection: Rejection };

const utf8 = new TextDecoder('utf-8', { fatal: true });
/** Names that no object of ours may have. */
export const forbiddenKeys: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** Makes a rejection. The reason is cut: it may quote names from a hostile event. */
export function rejected(code: string, reason: string): { readonly rejection: Rejection } {
  return { rejection: { code, reason: reason.length > 300 ? `${reason.slice(0, 300)}...` : reason } };
}

/**
 * Parses a JSON object from hostile bytes: size is checked before parsing; invalid UTF-8, deep nesting, prototype keys at any depth
 * and numbers that overflow to infinity are refused. Never throws.
 *
 * @example parseJson(Buffer.from('{"a":1}')); // { value: { a: 1 } }
 */
export function parseJson(bytes: Uint8Array): Decoded<Readonly<Record<string, unknown>>> {
  if (bytes.length > maxValueBytes) {
    return rejected('too-large', `value: expected at most ${maxValueBytes} bytes, found ${bytes.length}`);
  }
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    return rejected('invalid-utf8', 'value: expected UTF-8, found an invalid byte sequence');
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return rejected('malformed-json', `value: expected a JSON object, found ${bytes.length} bytes that do not parse`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const found = value === null ? 'null' : Array.isArray(value) ? 'a list' : `a ${typeof value}`;
    return rejected('malformed-json', `value: expected a JSON object, found ${found}`);
  }
  return hostilePart(value) ?? { value: value as Record<string, unknown> };
}

function hostilePart(root: object): { readonly rejection: Rejection } | undefined {
  let level: object[] = [root];
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > maxJsonDepth) return rejected('too-deep', `value: expected nesting up to ${maxJsonDepth}, found more`);
    const next: object[] = [];
    for (const container of level) {
      // Parsed JSON inherits nothing enumerable, so this visits own keys only, and makes no list of them.
      for (const key in container) {
        const child = (container as Record<string, unknown>)[key];
        if (forbiddenKeys.has(key)) {
          return rejected('forbidden-key', `value: expected no key ${key}, found one at depth ${depth}`);
        }
        if (typeof child === 'number' && !Number.isFinite(child)) {
          return rejected('invalid-field', `${key}: expected a finite number, found one beyond the range of doubles`);
        }
        if (typeof child === 'object' && child !== null) next.push(child);
      }
    }
    level = next;
  }
  return undefined;
}
