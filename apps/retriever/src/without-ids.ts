import { describeError } from '@gatehouse/runtime';

/** An error as a log may hold it. */
export interface LoggedError {
  readonly name: string;
  /** Its message, and those of its causes. */
  readonly reason: string;
  /** Where it was thrown; frames alone, for the first line repeats the message. */
  readonly stack: string;
}

/** Longest message that is told: a longer one quotes data, and looking for ids in it would take time. */
const maxLength = 4000;

/** Under these keys a request holds words of the schema, not of the user. */
const ownWords = new Set(['sources', 'attribute', '$case']);

/**
 * An error without what the request says: other layers quote what they choke on, and a log must not hold ids, what is known of a user, or
 * vectors. Texts of the request and lists of numbers are replaced by `[hidden]`.
 *
 * @param request whatever the error may quote: messages, maps, sets and lists, nested.
 */
export function withoutIds(error: unknown, request: unknown): LoggedError {
  const told = describeError(error);
  let reason = told.length > maxLength ? `a message of ${told.length} characters` : told;
  for (const text of textsOf(request)) {
    if (!reason.includes(text)) continue; // nearly always, and the cheaper question
    reason = reason.replace(new RegExp(`(?<![\\p{L}\\p{N}])${escape(text)}(?![\\p{L}\\p{N}])`, 'gu'), '[hidden]');
  }
  return {
    name: error instanceof Error ? error.name : typeof error,
    reason: reason.replace(/-?\d[\d.e+-]*(?:\s*,\s*-?\d[\d.e+-]*){3,}/g, '[hidden]'),
    stack: (error instanceof Error ? (error.stack ?? '') : '').split('\n').filter(isFrame).join('\n'),
  };
}

const isFrame = (line: string): boolean => /^\s+at /.test(line);

const escape = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');

/** The texts in a value, the longest first, so that no rest of one stays when another begins like it. */
function textsOf(value: unknown): string[] {
  const texts = new Set<string>();
  const waiting = [value];
  while (waiting.length > 0) {
    const next = waiting.pop();
    if (typeof next === 'string') texts.add(next);
    else if (Array.isArray(next) || next instanceof Set) waiting.push(...(next as Iterable<unknown>));
    else if (next instanceof Map) waiting.push(...(next.values() as Iterable<unknown>));
    else if (next !== null && typeof next === 'object' && !ArrayBuffer.isView(next))
      for (const [key, inner] of Object.entries(next)) if (!ownWords.has(key)) waiting.push(inner);
  }
  texts.delete('');
  return [...texts].sort((a, b) => b.length - a.length);
}
