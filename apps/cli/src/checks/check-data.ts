import { actionOf, type Schema } from '@gatehouse/schema';

import { eventColumns, eventOfRow } from '../ingest/event-row';
import type { OnBytes } from '../ingest/ingest';
import { itemColumnKinds, itemOfRow } from '../ingest/item-row';
import { openRows, type Row } from '../ingest/read-rows';
import { createActionCheck } from './action-check';
import { createFeatureCheck } from './feature-check';
import type { Finding } from './finding';
import { createIdCheck } from './id-check';
import { createLabelCheck } from './label-check';

/** What a look at the files found, before anything of them was written. */
export interface DataReport {
  readonly items: number;
  readonly events: number;
  readonly findings: readonly Finding[];
}

/** Files of one ingest. */
export interface DataFiles {
  readonly events: string;
  readonly items: string | undefined;
}

/**
 * Reads the files of an ingest once and says what in them would harm learning. It refuses nothing: rows that the ingest refuses are left
 * out here and told there. Memory is bounded by the checks, whatever the files.
 *
 * @param onBytes told how far it is, by file.
 */
export async function checkData(
  { events, items }: DataFiles,
  schema: Schema,
  onBytes: (file: string) => OnBytes,
  signal: AbortSignal,
): Promise<DataReport> {
  const features = createFeatureCheck();
  const [itemIds, userIds] = [createIdCheck('item'), createIdCheck('user')];
  const labels = createLabelCheck(Math.max(1, schema.userState.historyLimit));
  const actions = createActionCheck(schema);
  const counts = { items: 0, events: 0 };

  if (items !== undefined) {
    const kinds = itemColumnKinds(schema);
    for await (const row of rowsOf(items, ['item'], onBytes(items), signal)) {
      const read = itemOfRow(row.values, kinds);
      if (!('item' in read)) continue;
      counts.items++;
      itemIds.add(read.item.itemId);
      features.add(read.item.features);
    }
  }
  const known = new Set(Object.keys(schema.actions));
  for await (const row of rowsOf(events, eventColumns, onBytes(events), signal)) {
    actions.add(row.values['action']);
    const read = eventOfRow(row.values, known);
    if (!('impression' in read)) continue;
    counts.events++;
    const { impression } = read;
    itemIds.add(impression.itemId);
    userIds.add(impression.userId);
    if ((actionOf(schema, impression.action)?.weight ?? 0) > 0) labels.add(impression, row.line);
  }
  return {
    ...counts,
    findings: [features, itemIds, userIds, labels, actions].flatMap((check) => check.findings()),
  };
}

/** Rows between two reports of progress. */
const rowsPerReport = 1000;

async function* rowsOf(
  file: string,
  columns: readonly string[],
  onBytes: OnBytes,
  signal: AbortSignal,
): AsyncGenerator<Extract<Row, { values: unknown }>> {
  const opened = await openRows(file, columns);
  onBytes(0, opened.totalBytes);
  let n = 0;
  for await (const row of opened.rows) {
    signal.throwIfAborted();
    if (++n % rowsPerReport === 0) onBytes(opened.bytesRead(), opened.totalBytes);
    if ('values' in row) yield row;
  }
  onBytes(opened.totalBytes, opened.totalBytes);
}

/** The report in words, a line a finding. */
export function formatDataReport({ items, events, findings }: DataReport): string {
  const read = `checked ${events} events and ${items} items`;
  if (findings.length === 0) return `${read}: nothing to remark`;
  return [
    `${read}:`,
    ...findings.map(({ count, text, examples }) => {
      const shown =
        examples.length > 0
          ? ` (${examples.join(', ')}${count > examples.length && examples.length > 1 ? ', ...' : ''})`
          : '';
      return `  ${count} ${text}${shown}`;
    }),
  ].join('\n');
}
