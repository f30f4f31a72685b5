import type { Impression, Item, ItemId, UserProfile } from '@gatehouse/domain';
import {
  decodeImpression,
  encodeImpression,
  type ImpressionSink,
  type ItemCatalogue,
  itemFormat,
  type Rejection,
  userProfileFormat,
  type UserProfiles,
} from '@gatehouse/events';
import type { Schema } from '@gatehouse/schema';

import { eventColumns, eventOfRow } from './event-row';
import { columnKinds } from './feature-columns';
import { itemColumnKinds, itemOfRow } from './item-row';
import { profileOfRow } from './profile-row';
import { openRows } from './read-rows';

/** Rows written in one durable step. */
const rowsAtOnce = 1000;
/** Bad rows that are shown one by one; the rest is counted. */
const rejectionsShown = 10;

/** Where ingested data goes and what it must fit. */
export interface IngestTarget {
  readonly schema: Schema;
  readonly impressions: ImpressionSink;
  readonly catalogue: ItemCatalogue;
  readonly profiles: UserProfiles;
}

/** What became of a file. */
export interface IngestResult {
  readonly file: string;
  readonly accepted: number;
  readonly rejected: number;
  /** The first bad rows, as `line 7: user: expected ...`. */
  readonly rejections: readonly string[];
}

/** Told how many bytes of the file are done. */
export type OnBytes = (done: number, total: number) => void;

/** Writes the items of a file into the catalogue. Bad rows are counted and do not stop it; an abort of `signal` does. */
export async function ingestItems(
  file: string,
  { schema, catalogue }: IngestTarget,
  onBytes: OnBytes,
  signal: AbortSignal,
): Promise<IngestResult> {
  const kinds = itemColumnKinds(schema);
  return inBatches<Item>(
    file,
    ['item'],
    (values) => {
      const row = itemOfRow(values, kinds);
      return 'item' in row ? readable(row.item, itemFormat.encode, itemFormat.decode) : row;
    },
    (items) => catalogue.put(items),
    onBytes,
    signal,
  );
}

/** Writes the profiles of a file. Bad rows are counted and do not stop it; an abort of `signal` does. */
export async function ingestProfiles(
  file: string,
  { schema, profiles }: IngestTarget,
  onBytes: OnBytes,
  signal: AbortSignal,
): Promise<IngestResult> {
  const kinds = columnKinds(schema.query);
  return inBatches<UserProfile>(
    file,
    ['user'],
    (values) => {
      const row = profileOfRow(values, kinds);
      return 'profile' in row ? readable(row.profile, userProfileFormat.encode, userProfileFormat.decode) : row;
    },
    (read) => profiles.put(read),
    onBytes,
    signal,
  );
}

/**
 * Appends the events of a file to the log, in the order of the file. Items that the catalogue does not know are added without
 * features, so that they can be retrieved. Bad rows are counted and do not stop it; an abort of `signal` does.
 */
export async function ingestEvents(
  file: string,
  target: IngestTarget,
  onBytes: OnBytes,
  signal: AbortSignal,
): Promise<IngestResult> {
  const { schema, impressions, catalogue } = target;
  const actions = new Set(Object.keys(schema.actions));
  const known = new Set<ItemId>((await catalogue.snapshot()).values.map(({ itemId }) => itemId));
  return inBatches<Impression>(
    file,
    eventColumns,
    (values) => {
      const row = eventOfRow(values, actions);
      return 'impression' in row ? readable(row.impression, encodeImpression, decodeImpression) : row;
    },
    async (events) => {
      const added = [...new Set(events.map(({ itemId }) => itemId))].filter((itemId) => !known.has(itemId));
      for (const itemId of added) known.add(itemId);
      if (added.length > 0) {
        await catalogue.put(added.map((itemId) => ({ itemId, features: {}, available: true })));
      }
      await impressions.append(events);
    },
    onBytes,
    signal,
  );
}

type Read<T> = { readonly value: T } | { readonly reason: string };

/** Passes on only what readers of the log accept: there, a value that they refuse would be in the way for good. */
function readable<T>(value: T, encode: (value: T) => Uint8Array, decode: (bytes: Uint8Array) => object): Read<T> {
  try {
    const decoded = decode(encode(value)) as { readonly rejection?: Rejection };
    return decoded.rejection ? { reason: decoded.rejection.reason } : { value };
  } catch (error) {
    if (error instanceof RangeError) return { reason: error.message }; // too large to be written
    throw error;
  }
}

async function inBatches<T>(
  file: string,
  columns: readonly string[],
  read: (values: Readonly<Record<string, unknown>>) => Read<T>,
  write: (values: readonly T[]) => Promise<void>,
  onBytes: OnBytes,
  signal: AbortSignal,
): Promise<IngestResult> {
  const opened = await openRows(file, columns);
  onBytes(0, opened.totalBytes);
  const rejections: string[] = [];
  let [accepted, rejected] = [0, 0];
  let waiting: T[] = [];
  const flush = async (): Promise<void> => {
    await write(waiting);
    accepted += waiting.length;
    waiting = [];
    onBytes(opened.bytesRead(), opened.totalBytes);
  };
  for await (const row of opened.rows) {
    signal.throwIfAborted();
    const result = 'values' in row ? read(row.values) : row;
    if ('value' in result) {
      waiting.push(result.value);
      if (waiting.length === rowsAtOnce) await flush();
    } else {
      rejected++;
      if (rejections.length < rejectionsShown) rejections.push(`line ${row.line}: ${result.reason}`);
    }
  }
  if (waiting.length > 0) await flush();
  return { file, accepted, rejected, rejections };
}

/** The result in words: counts, then the first bad rows. */
export function formatIngest({ file, accepted, rejected, rejections }: IngestResult): string {
  const hidden = rejected - rejections.length;
  return [
    `${file}: ${accepted} accepted, ${rejected} rejected`,
    ...rejections.map((rejection) => `  ${rejection}`),
    ...(hidden > 0 ? [`  and ${hidden} more`] : []),
  ].join('\n');
}
