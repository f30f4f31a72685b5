import { createHash } from 'node:crypto';

import { idProblem, type Impression } from '@gatehouse/domain';

import { textOf } from './text-of';

/** A row that is not an event, or why. */
export type EventRow = { readonly impression: Impression } | { readonly reason: string };

/** Names of the columns that an event must have. */
export const eventColumns = ['user', 'item', 'timestamp', 'action'] as const;

/**
 * Turns a row with the columns user, item, timestamp and action into an impression.
 *
 * The event id is made from the four values, so the same row read twice is the same event.
 *
 * @param actions names that the schema knows.
 * @example eventOfRow({ user: '1', item: '50', timestamp: '964982703', action: 'rating' }, new Set(['rating']));
 */
export function eventOfRow(row: Readonly<Record<string, unknown>>, actions: ReadonlySet<string>): EventRow {
  const [user, item, action] = [row['user'], row['item'], row['action']].map(textOf);
  const userProblem = idProblem(user);
  if (userProblem) return { reason: `user: ${userProblem}` };
  const itemProblem = idProblem(item);
  if (itemProblem) return { reason: `item: ${itemProblem}` };
  const eventTimeMs = timeOf(row['timestamp']);
  if (eventTimeMs === undefined) {
    return { reason: `timestamp: expected seconds, milliseconds or ISO 8601, found ${show(row['timestamp'])}` };
  }
  if (action === undefined || !actions.has(action)) {
    return { reason: `action: expected one of ${[...actions].join(', ')}, found ${show(row['action'])}` };
  }
  const fields = { userId: user as string, itemId: item as string, eventTimeMs, action };
  const eventId = createHash('sha256')
    .update(JSON.stringify(Object.values(fields)))
    .digest('base64url')
    .slice(0, 22);
  return { impression: { eventId, ...fields } };
}

/** Below this a whole number counts seconds (until the year 5138), from it on milliseconds (since 1973). */
const firstMilliseconds = 1e11;
/** Last instant that a JavaScript date can hold. */
const maxTimeMs = 8.64e15;

function timeOf(value: unknown): number | undefined {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string') return undefined;
  const timeMs = /^\d+(\.\d+)?$/.test(text)
    ? Number(text) * (Number(text) < firstMilliseconds ? 1000 : 1)
    : isoTimeMs(text);
  return Number.isFinite(timeMs) && timeMs >= 0 && timeMs <= maxTimeMs ? Math.round(timeMs) : undefined;
}

const isoTime = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)(Z|[+-]\d{2}:?\d{2})?)?$/;

/** A time without a zone is UTC: the same row is the same event on every machine. */
function isoTimeMs(text: string): number {
  const [, date, time = '00:00', zone = 'Z'] = isoTime.exec(text) ?? [];
  if (date === undefined || !isDay(date)) return NaN;
  return Date.parse(`${date}T${time}${zone}`);
}

/** Whether the calendar has it: JavaScript takes February 30 for March 1 or 2. */
function isDay(date: string): boolean {
  const dayMs = Date.parse(`${date}T00:00Z`);
  return Number.isFinite(dayMs) && new Date(dayMs).toISOString().startsWith(date);
}

function show(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 60);
}
