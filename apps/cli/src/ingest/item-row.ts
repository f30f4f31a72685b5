import { idProblem, type Item } from '@gatehouse/domain';
import type { Schema } from '@gatehouse/schema';

import { type ColumnKind, columnKinds, featuresOfRow } from './feature-columns';
import { textOf } from './text-of';

/** A row that is not an item, or why. */
export type ItemRow = { readonly item: Item } | { readonly reason: string };

/** Kinds of the item columns that the schema reads; every other column is text. */
export function itemColumnKinds({ candidate, attributes }: Schema): ReadonlyMap<string, ColumnKind> {
  const numbers = Object.entries(attributes).filter(([, type]) => type === 'number');
  return new Map([...numbers.map(([name]) => [name, 'number'] as const), ...columnKinds(candidate)]);
}

/**
 * Turns a row with the column item, and a column for each feature, into an item. Lists are written `a|b|c`; empty values are left out.
 * The column `available`, `true` when it is missing or empty, takes an item out of every answer.
 *
 * @example itemOfRow({ item: '50', genres: 'Crime|Drama' }, new Map([['genres', 'list']]));
 */
export function itemOfRow(row: Readonly<Record<string, unknown>>, kinds: ReadonlyMap<string, ColumnKind>): ItemRow {
  const itemId = textOf(row['item']);
  const problem = idProblem(itemId);
  if (problem) return { reason: `item: ${problem}` };
  const { available = '', ...rest } = row;
  if (!['', 'true', 'false'].includes(String(available)))
    return { reason: `available: expected true or false, found ${JSON.stringify(available)}` };
  const read = featuresOfRow(rest, 'item', kinds);
  if ('reason' in read) return read;
  return { item: { itemId: itemId as string, features: read.features, available: String(available) !== 'false' } };
}
