import type { Schema } from './schema';

/** Whether the query tower reads features of the user (`features.<name>`), so that profiles matter. */
export function readsProfiles({ query }: Pick<Schema, 'query'>): boolean {
  return query.features.some((feature) => 'source' in feature && feature.source.startsWith('features.'));
}
