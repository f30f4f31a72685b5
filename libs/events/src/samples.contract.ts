import type { Impression, Offsets } from '@gatehouse/domain';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ImpressionRecord, ImpressionSource } from './ports';

/** An impression with given fields, the others valid. */
export function impression(fields: Partial<Impression> = {}): Impression {
  return { eventId: 'e', userId: 'u', itemId: 'i', eventTimeMs: 1_700_000_000_000, action: 'click', ...fields };
}

/** `count` impressions of one user with event ids `<prefix>-0`, `<prefix>-1`, ... */
export function impressions(prefix: string, count: number): Impression[] {
  return Array.from({ length: count }, (_, i) => impression({ eventId: `${prefix}-${i}`, eventTimeMs: i }));
}

/** Reads until `count` records came. */
export async function collect(source: ImpressionSource, start: Offsets, count: number): Promise<ImpressionRecord[]> {
  const records: ImpressionRecord[] = [];
  if (count === 0) return records;
  const stop = new AbortController();
  for await (const chunk of source.read(start, stop.signal)) {
    records.push(...chunk);
    if (records.length >= count) stop.abort();
  }
  return records;
}

/** Reads all that is in the log now. */
export async function collectAll(source: ImpressionSource): Promise<ImpressionRecord[]> {
  const ends = await source.endOffsets();
  const total = Object.values(ends['impressions']).reduce((sum, end) => sum + end, 0);
  return collect(source, {}, total);
}

/** Event ids of records, in order; a rejection's code in its place. */
export function idsOf(records: readonly ImpressionRecord[]): string[] {
  return records.map((record) => ('impression' in record ? record.impression.eventId : record.rejection.code));
}

/** Creates a folder for one test; call the result's `remove` afterwards. */
export async function temporaryFolder(): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'gatehouse-events-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}
