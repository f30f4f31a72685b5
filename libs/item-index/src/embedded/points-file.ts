import type { ItemId } from '@gatehouse/domain';
import { open, writeFile } from 'node:fs/promises';

import type { Attributes } from '../item-index';
import type { PointTable } from '../point-table';

/** Rows of one line: long enough to parse fast, short enough not to hold up the event loop. */
const rowsPerLine = 500;

/** Writes ids and attributes in row order: per line a JSON array of up to 500 `[itemId, attributes]`. */
export async function writePointsFile(path: string, { ids, attributes }: PointTable): Promise<void> {
  const lines = function* (): Generator<string> {
    for (let from = 0; from < ids.length; from += rowsPerLine) {
      const rows = ids.slice(from, from + rowsPerLine).map((itemId, i) => [itemId, attributes[from + i]]);
      yield `${JSON.stringify(rows)}\n`;
    }
  };
  await writeFile(path, lines());
}

/** Reads what {@link writePointsFile} wrote, a line at a time. */
export async function* readPointsFile(path: string): AsyncGenerator<readonly (readonly [ItemId, Attributes])[]> {
  const handle = await open(path, 'r');
  try {
    for await (const line of handle.readLines()) yield JSON.parse(line) as [ItemId, Attributes][];
  } finally {
    await handle.close();
  }
}
