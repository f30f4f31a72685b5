import type { Candidate } from '@gatehouse/domain';

import type { Quotas } from './fusion-settings';
import { type SourceName, sourceNames } from './retrieve-query';

/**
 * Chooses up to `limit` of the candidates, given and returned best first.
 *
 * - **min**: the best `min` candidates that a source found have a place, whatever other sources think of them. One that several sources
 *   found counts for each. Minimums that exceed the limit together leave it to the best of these candidates.
 * - **max**: every place is charged to one source that found its candidate, the one with most room left, and a source is charged with at
 *   most `max` places. So a candidate is left out only when all sources that found it are full, and of those that a source found alone
 *   there are at most `max`.
 *
 * @example allotPlaces(ranked, 10, { new: { min: 2, max: 5 } });
 */
export function allotPlaces(ranked: readonly Candidate[], limit: number, quotas: Quotas): readonly Candidate[] {
  const limited = sourceNames.filter((name) => quotas[name]);
  if (limited.length === 0) return ranked.slice(0, limit);
  const room = new Map(limited.map((name) => [name, quotas[name]?.max ?? Infinity]));
  const roomOf = (name: string): number => room.get(name as SourceName) ?? Infinity;
  const charge = (name: string): void => {
    room.set(name as SourceName, roomOf(name) - 1);
  };

  const reserved = new Set<Candidate>();
  for (const name of limited) {
    let missing = quotas[name]?.min ?? 0;
    for (const candidate of ranked) {
      if (missing === 0) break;
      if (!candidate.sources.some(({ source }) => source === name)) continue;
      missing--;
      if (reserved.has(candidate)) continue;
      reserved.add(candidate);
      charge(name);
    }
  }
  const chosen = new Set(ranked.filter((candidate) => reserved.has(candidate)).slice(0, limit));
  for (const candidate of ranked) {
    if (chosen.size >= limit) break;
    if (reserved.has(candidate)) continue;
    const names = candidate.sources.map(({ source }) => source);
    const roomiest = names.reduce((best, name) => (roomOf(name) > roomOf(best) ? name : best));
    if (roomOf(roomiest) <= 0) continue;
    charge(roomiest);
    chosen.add(candidate);
  }
  return ranked.filter((candidate) => chosen.has(candidate));
}
