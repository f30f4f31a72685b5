import { lastIndexOf, type ModelReader, pinnedVersion } from '@gatehouse/artifacts';
import type { ModelVersionId } from '@gatehouse/domain';

import { formatTable } from '../format';

/** One version as an operator sees it. */
export interface VersionRow {
  readonly version: ModelVersionId;
  readonly createdAtMs: number;
  /** Events that it learned from. */
  readonly events: number;
  /** Its index that served last; such a version can serve again at once. */
  readonly indexId: string | undefined;
  /** `serves`, `pinned`, `latest`, as they hold. */
  readonly marks: readonly string[];
}

/** The stored versions, newest first. */
export async function listVersions(models: ModelReader): Promise<VersionRow[]> {
  const [servable, latest] = [await models.pointer('servable'), await models.pointer('latest')];
  const pinned = await pinnedVersion(models);
  const rows: VersionRow[] = [];
  for (const version of (await models.list()).reverse()) {
    const { createdAtMs, metrics } = await models.manifest(version);
    const marks = [
      ...(servable?.version === version ? ['serves'] : []),
      ...(pinned === version ? ['pinned'] : []),
      ...(latest?.version === version ? ['latest'] : []),
    ];
    rows.push({
      version,
      createdAtMs,
      events: metrics['events'] ?? 0,
      indexId: lastIndexOf(version, servable)?.indexId,
      marks,
    });
  }
  return rows;
}

/** The versions as a table. */
export function formatVersions(rows: readonly VersionRow[]): string {
  if (rows.length === 0) return 'no version yet';
  return formatTable(
    ['version', 'created', 'events', 'index', ''],
    rows.map(({ version, createdAtMs, events, indexId, marks }) => [
      version,
      new Date(createdAtMs).toISOString().slice(0, 19).replace('T', ' '),
      String(events),
      indexId ?? '',
      marks.join(', '),
    ]),
  );
}
