import { type FeatureValue, idProblem, type Item } from '@gatehouse/domain';
import type { Schema } from '@gatehouse/schema';

/** A row that is not an item, or why. */
export type ItemRow = { readonly item: Item } | { readonly reason: string };

/** How the text of a column becomes a feature. */
export type ColumnKind = 'text' | 'number' | 'list';

/** Kinds of the item columns that the schema reads; every other column is text. */
export function itemColumnKinds({ candidate, attributes }: Schema): Readonly<Record<string, ColumnKind>> {
  const kinds: Record<string, ColumnKind> = {};
  for (const [name, type] of Object.entries(attributes)) if (type === 'number') kinds[name] = 'number';
  for (const feature of candidate.features) {
    if (feature.kind === 'categories') kinds[feature.source.replace(/^features\./, '')] = 'list';
    if (feature.kind === 'number') kinds[feature.source.replace(/^features\./, '')] = 'number';
  }
  return kinds;
}

/**
 * Turns a row with the column item, and a column for each feature, into an item. Lists are written `a|b|c`; empty values are left out.
 *
 * @example itemOfRow({ item: '50', genres: 'Crime|Drama' }, { genres: 'list' });
 */
export function itemOfRow(
  row: Readonly<Record<string, unknown>>,
  kinds: Readonly<Record<string, ColumnKind>>,
): ItemRow {
  const itemId = typeof row['item'] === 'number' ? String(row['item']) : row['item'];
  const problem = idProblem(itemId);
  if (problem) return { reason: `item: ${problem}` };
  const features: Record<string, FeatureValue> = {};
  for (const [name, value] of Object.entries(row)) {
    if (name === 'item' || value === '' || value === null || value === undefined) continue;
    const feature = featureOf(value, kinds[name] ?? 'text');
    if (feature === undefined)
      return { reason: `${name}: expected a ${kinds[name] ?? 'text'}, found ${JSON.stringify(value).slice(0, 60)}` };
    features[name] = feature;
  }
  return { item: { itemId: itemId as string, features, available: true } };
}

function featureOf(value: unknown, kind: ColumnKind): FeatureValue | undefined {
  if (kind === 'number') {
    const number = typeof value === 'string' ? Number(value) : value;
    return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
  }
  if (Array.isArray(value)) return value.every((element) => typeof element === 'string') ? value : undefined;
  if (typeof value === 'number') return kind === 'text' ? String(value) : undefined;
  if (typeof value !== 'string') return undefined;
  return kind === 'list' ? value.split('|').filter(Boolean) : value;
}
