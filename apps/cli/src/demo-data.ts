import { join } from 'node:path';

import type { Impression, Item } from '@gatehouse/domain';

import { eventOfRow } from './ingest/event-row';
import type { ColumnKind } from './ingest/feature-columns';
import { itemOfRow } from './ingest/item-row';
import { openRows } from './ingest/read-rows';

/** Items and events of a MovieLens folder. */
export interface DemoData {
  readonly items: readonly Item[];
  /** Every rating as one event, in order of event time; ties stay in the order of the file. */
  readonly impressions: readonly Impression[];
}

/** A data set that is not what it should be. The files come with the project, so a single bad row is an error. */
export class DemoDataError extends Error {
  override readonly name = 'DemoDataError';
}

/**
 * Reads `movies.csv.gz` and `ratings.csv.gz` of a MovieLens data set. The year of `Toy Story (1995)` becomes the feature `year`.
 *
 * @throws DemoDataError naming file and line; an error with code ENOENT when a file is missing.
 */
export async function readMovieLens(folder: string): Promise<DemoData> {
  const items = await readAll(join(folder, 'movies.csv.gz'), ['movieId', 'title', 'genres'], movieOfRow);
  const impressions = await readAll(join(folder, 'ratings.csv.gz'), ['userId', 'movieId', 'timestamp'], ratingOfRow);
  impressions.sort((a, b) => a.eventTimeMs - b.eventTimeMs);
  return { items, impressions };
}

type Values = Readonly<Record<string, unknown>>;

const columnKinds = new Map<string, ColumnKind>([
  ['year', 'number'],
  ['genres', 'list'],
]);

function movieOfRow({ movieId, title, genres }: Values): Item | string {
  const text = String(title);
  const year = /\((\d{4})\)\s*$/.exec(text)?.[1];
  const row = itemOfRow(
    { item: movieId, title: text, year: year ?? '', genres: genres === '(no genres listed)' ? '' : genres },
    columnKinds,
  );
  return 'item' in row ? row.item : row.reason;
}

function ratingOfRow({ userId, movieId, timestamp }: Values): Impression | string {
  const row = eventOfRow({ user: userId, item: movieId, timestamp, action: 'rating' }, new Set(['rating']));
  return 'impression' in row ? row.impression : row.reason;
}

async function readAll<T>(
  file: string,
  columns: readonly string[],
  read: (values: Values) => T | string,
): Promise<T[]> {
  const all: T[] = [];
  for await (const row of (await openRows(file, columns)).rows) {
    const value = 'values' in row ? read(row.values) : row.reason;
    if (typeof value === 'string') throw new DemoDataError(`${file}: line ${row.line}: ${value}`);
    all.push(value);
  }
  return all;
}
