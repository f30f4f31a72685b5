import { type FeatureValue, idProblem, type Item } from '@gatehouse/domain';
import type { Schema } from '@gatehouse/schema';

import { textOf } from './text-of';

/** A row that is not an item, or why. */
export type ItemRow = { readonly item: Item } | { readonly reason: string };

/** How the text of a column becomes a feature. */
export type ColumnKind = 'text' | 'number' | 'list';

/** Kinds of the item columns that the schema reads; every other column is text. */
export function itemColumnKinds({ candidate, attributes }: Schema): ReadonlyMap<string, ColumnKind> {
  const kinds = new Map<string, ColumnKind>();
  for (const [name, type] of Object.entries(attributes)) if (type === 'number') kinds.set(name, 'number');
  for (const feature of candidate.features) {
    if (feature.kind === 'categories') kinds.set(feature.source.replace(/^features\./, ''), 'list');
    if (feature.kind === 'number') kinds.set(feature.source.replace(/^features\./, ''), 'number');
  }
  return kinds;
}

/**
 * Turns a row with the column item, and a column for each feature, into an item. Lists are written `a|b|c`; empty values are left out.
 *
 * @example itemOfRow({ item: '50', genres: 'Crime|Drama' }, new Map([['genres', 'list']]));
 */
export function itemOfRow(row: Readonly<Record<string, unknown>>, kinds: ReadonlyMap<string, ColumnKind>): ItemRow {
  const itemId = textOf(row['item']);
  const problem = idProblem(itemId);
  if (problem) return { reason: `item: ${problem}` };
  const features: [name: string, value: FeatureValue][] = [];
  for (const [name, value] of Object.entries(row)) {
    if (name === 'item' || value === '' || value === null || value === undefined) continue;
    const kind = kinds.get(name) ?? 'text';
    const feature = featureOf(value, kind);
    if (feature === undefined) {
      return { reason: `${name}: expected a ${kind}, found ${JSON.stringify(value).slice(0, 60)}` };
    }
    features.push([name, feature]);
  }
  return { item: { itemId: itemId as string, features: Object.fromEntries(features), available: true } };
}

function featureOf(value: unknown, kind: ColumnKind): FeatureValue | undefined {
  if (kind === 'number') {
    const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
    return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
  }
  if (Array.isArray(value)) return value.every((element) => typeof element === 'string') ? value : undefined;
  if (typeof value === 'number') return kind === 'text' ? String(value) : undefined;
  if (typeof value !== 'string') return undefined;
  return kind === 'list' ? value.split('|').filter(Boolean) : value;
}
