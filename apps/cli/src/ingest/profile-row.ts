import { idProblem, type UserProfile } from '@gatehouse/domain';

import { type ColumnKind, featuresOfRow } from './feature-columns';
import { textOf } from './text-of';

/** A row that is not a profile, or why. */
export type ProfileRow = { readonly profile: UserProfile } | { readonly reason: string };

/**
 * Turns a row with the column user, and a column for each feature, into a profile. Lists are written `a|b|c`; empty values are left out.
 *
 * @example profileOfRow({ user: '7', country: 'nz' }, new Map());
 */
export function profileOfRow(
  row: Readonly<Record<string, unknown>>,
  kinds: ReadonlyMap<string, ColumnKind>,
): ProfileRow {
  const userId = textOf(row['user']);
  const problem = idProblem(userId);
  if (problem) return { reason: `user: ${problem}` };
  const read = featuresOfRow(row, 'user', kinds);
  return 'reason' in read ? read : { profile: { userId: userId as string, features: read.features } };
}
