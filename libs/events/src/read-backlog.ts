import type { Impression, Offsets } from '@gatehouse/domain';

import type { ImpressionSource } from './ports';

/** Yields the impressions that a log holds now, partition by partition, and ends; records that cannot be applied are left out. */
export async function* readBacklog(source: ImpressionSource): AsyncGenerator<Impression> {
  const ends = await source.endOffsets();
  const open = new Set(
    partitions(ends)
      .filter((partition) => ends[partition.topic][partition.number] > 0)
      .map(nameOf),
  );
  const enough = new AbortController();
  if (open.size === 0) return;
  for await (const chunk of source.read({}, enough.signal)) {
    for (const record of chunk) {
      if (record.offset >= ends[record.topic][record.partition]) continue; // came after the call
      if ('impression' in record) yield record.impression;
      if (record.offset + 1 === ends[record.topic][record.partition])
        open.delete(nameOf({ topic: record.topic, number: record.partition }));
    }
    if (open.size === 0) enough.abort();
  }
}

interface TopicPartition {
  readonly topic: string;
  readonly number: number;
}

function partitions(offsets: Offsets): TopicPartition[] {
  return Object.entries(offsets).flatMap(([topic, ends]) =>
    Object.keys(ends).map((number) => ({ topic, number: Number(number) })),
  );
}

function nameOf({ topic, number }: TopicPartition): string {
  return `${topic}/${number}`;
}
