import type { ImpressionSink, ImpressionSource, ItemCatalogue } from '@gatehouse/events';

import type { DemoData } from '../demo-data';
import type { Progress } from '../progress';

/** Impressions appended in one durable step. */
const impressionsAtOnce = 2000;

/** Where {@link fillLog} writes. */
export interface LogTarget {
  readonly source: ImpressionSource;
  readonly sink: ImpressionSink;
  readonly catalogue: ItemCatalogue;
}

/**
 * Brings a data set into the catalogue and the log, unless the log holds events already: what is there is never written twice.
 *
 * @returns how many records the log holds.
 */
export async function fillLog(
  readData: () => Promise<DemoData>,
  target: LogTarget,
  progress: Progress,
): Promise<number> {
  const held = await recordsHeld(target.source);
  if (held > 0) {
    progress.print(`The log holds ${held} events already; going on from there.`);
    return held;
  }
  const { items, impressions } = await readData();
  await target.catalogue.put(items.map((item) => ({ itemId: item.itemId, item })));
  const replay = progress.begin('replay', impressions.length);
  for (let from = 0; from < impressions.length; from += impressionsAtOnce) {
    const chunk = impressions.slice(from, from + impressionsAtOnce);
    await target.sink.append(chunk);
    replay.update(from + chunk.length);
  }
  replay.end();
  return impressions.length;
}

async function recordsHeld(source: ImpressionSource): Promise<number> {
  const ends = Object.values(await source.endOffsets()).flatMap((partitions) => Object.values(partitions));
  return ends.reduce((sum, end) => sum + end, 0);
}
