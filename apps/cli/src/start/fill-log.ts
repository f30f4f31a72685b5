import { type ImpressionSink, type ImpressionSource, type ItemCatalogue, readBacklog } from '@gatehouse/events';

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
 * Brings a data set into the log and the catalogue, unless they hold data already: what is there is never written twice.
 *
 * The catalogue comes last, so events without items are those of a call that was cut off; then only what is missing is added.
 *
 * @param isPositive whether an action is learned from.
 * @returns how many positives the log holds.
 * @throws the signal's reason when it aborts.
 */
export async function fillLog(
  readData: () => Promise<DemoData>,
  { source, sink, catalogue }: LogTarget,
  isPositive: (action: string) => boolean,
  progress: Progress,
  signal: AbortSignal,
): Promise<number> {
  const hasItems = (await catalogue.snapshot()).values.length > 0;
  const cutOff = new Set<string>();
  let [events, positives] = [0, 0];
  for await (const { eventId, action } of readBacklog(source)) {
    signal.throwIfAborted();
    events++;
    if (isPositive(action)) positives++;
    if (!hasItems) cutOff.add(eventId);
  }
  if (hasItems) {
    progress.print(`Catalogue and log hold data already (${events} events); going on from there.`);
    return positives;
  }
  const { items, impressions } = await readData();
  const missing = impressions.filter(({ eventId }) => !cutOff.has(eventId));
  const replay = progress.begin('replay', missing.length);
  for (let from = 0; from < missing.length; from += impressionsAtOnce) {
    signal.throwIfAborted();
    const chunk = missing.slice(from, from + impressionsAtOnce);
    await sink.append(chunk);
    replay.update(from + chunk.length);
  }
  await catalogue.put(items);
  replay.end();
  return positives + missing.filter(({ action }) => isPositive(action)).length;
}
