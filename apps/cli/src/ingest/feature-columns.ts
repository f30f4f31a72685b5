import type { Features, FeatureValue } from '@gatehouse/domain';
import type { TowerSpec } from '@gatehouse/schema';

/** How the text of a column becomes a feature. */
export type ColumnKind = 'text' | 'number' | 'list';

/** Kinds of the columns that a tower reads as features; every other column is text. */
export function columnKinds({ features }: TowerSpec): Map<string, ColumnKind> {
  const kinds = new Map<string, ColumnKind>();
  for (const feature of features) {
    const kind = feature.kind === 'categories' ? 'list' : feature.kind;
    if ((kind === 'list' || kind === 'number') && 'source' in feature && feature.source.startsWith('features.')) {
      kinds.set(feature.source.replace(/^features\./, ''), kind);
    }
  }
  return kinds;
}

/** Turns the columns of a row but that of its id into features. Lists are written `a|b|c`; empty values are left out. */
export function featuresOfRow(
  row: Readonly<Record<string, unknown>>,
  idColumn: string,
  kinds: ReadonlyMap<string, ColumnKind>,
): { readonly features: Features } | { readonly reason: string } {
  const features: [name: string, value: FeatureValue][] = [];
  for (const [name, value] of Object.entries(row)) {
    if (name === idColumn || value === '' || value === null || value === undefined) continue;
    const kind = kinds.get(name) ?? 'text';
    const feature = featureOf(value, kind);
    if (feature === undefined) {
      return { reason: `${name}: expected a ${kind}, found ${JSON.stringify(value).slice(0, 60)}` };
    }
    features.push([name, feature]);
  }
  return { features: Object.fromEntries(features) };
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
