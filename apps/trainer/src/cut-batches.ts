import type { Impression, Offsets } from '@gatehouse/domain';
import type { ImpressionRecord, RejectedRecord } from '@gatehouse/events';

/** The records up to and including the last positive of one batch, in the order of the log. */
export interface ImpressionBatch {
  /** Positives and events of weight 0, in order. */
  readonly impressions: readonly Impression[];
  /** Partition of each of them. */
  readonly partitions: readonly number[];
  readonly rejected: readonly RejectedRecord[];
  /** Events that came before, and are left out. */
  readonly duplicates: number;
  /** Offsets that held no record for us, such as the marks of transactions. */
  readonly withoutRecord: number;
  /** Next offsets to read after this batch. */
  readonly endOffsets: Offsets;
}

/** What a batch of impressions alone is beside them: all of partition 0. */
export const nothingElse = { partitions: [], rejected: [], duplicates: 0, withoutRecord: 0 } as const;

/** Weight of an action, or undefined when the schema does not know it. */
export type WeightOf = (action: string) => number | undefined;

/** Records that a batch holds at most, per positive that it should have: bounds a stretch of the stream without positives. */
const recordsPerPositive = 64;
/** Bytes of rejected records that a batch holds at most, or little more: they are kept whole until they are dead letters. */
const maxRejectedBytes = 16 * 1024 * 1024;

/** How {@link cutBatches} cuts. */
export interface BatchCutting {
  /** Events of weight > 0 in a batch. */
  readonly positives: number;
  readonly weightOf: WeightOf;
  /** Whether an event was part of a batch that was learned. */
  readonly isLearned: (eventId: string) => boolean;
  /** Where the records begin. */
  readonly start: Offsets;
}

/**
 * Cuts a stream of records into batches of `positives` events of weight > 0, or fewer after 64 times as many records or 16 MiB of rejected
 * ones.
 *
 * Batches are cut by count alone, never by time or by how the records arrived, so that a run that resumes from the offsets
 * between two batches sees the same batches as one that never stopped. Records after the last full batch stay with the reader: they are read again.
 */
export async function* cutBatches(
  chunks: AsyncIterable<readonly ImpressionRecord[]>,
  { positives, weightOf, isLearned, start }: BatchCutting,
): AsyncGenerator<ImpressionBatch> {
  const next = nextOffsets(start);
  let open = emptyBatch();
  let cutLast = open; // what was handed over last may not be learned yet
  const isDuplicate = (eventId: string): boolean =>
    open.eventIds.has(eventId) || cutLast.eventIds.has(eventId) || isLearned(eventId);
  for await (const chunk of chunks) {
    for (const record of chunk) {
      take(open, record, { weightOf, isDuplicate, next });
      const isFull = ++open.records >= recordsPerPositive * positives || open.rejectedBytes >= maxRejectedBytes;
      if (open.positives < positives && !isFull) continue;
      const { impressions, partitions, rejected, duplicates, withoutRecord, endOffsets } = open;
      cutLast = open;
      open = emptyBatch();
      yield { impressions, partitions, rejected, duplicates, withoutRecord, endOffsets };
    }
  }
}

/** Next offset by topic and partition. */
type NextOffsets = Record<string, Record<number, number>>;

function nextOffsets(start: Offsets): NextOffsets {
  return Object.fromEntries(Object.entries(start).map(([topic, partitions]) => [topic, { ...partitions }]));
}

interface OpenBatch {
  positives: number;
  records: number;
  rejectedBytes: number;
  readonly impressions: Impression[];
  readonly partitions: number[];
  readonly rejected: RejectedRecord[];
  readonly eventIds: Set<string>;
  duplicates: number;
  withoutRecord: number;
  readonly endOffsets: NextOffsets;
}

function emptyBatch(): OpenBatch {
  return {
    positives: 0,
    records: 0,
    rejectedBytes: 0,
    impressions: [],
    partitions: [],
    rejected: [],
    eventIds: new Set(),
    duplicates: 0,
    withoutRecord: 0,
    endOffsets: {},
  };
}

interface Taking {
  readonly weightOf: WeightOf;
  readonly isDuplicate: (eventId: string) => boolean;
  readonly next: NextOffsets;
}

function take(batch: OpenBatch, record: ImpressionRecord, { weightOf, isDuplicate, next }: Taking): void {
  const { topic, partition, offset } = record;
  batch.withoutRecord += offset - (next[topic]?.[partition] ?? offset);
  (next[topic] ??= {})[partition] = offset + 1;
  (batch.endOffsets[topic] ??= {})[partition] = offset + 1;
  if ('rejection' in record) {
    batch.rejectedBytes += record.value.length;
    batch.rejected.push(record);
    return;
  }
  const weight = weightOf(record.impression.action);
  if (weight === undefined) {
    const reason = `action: expected an action of the schema, found ${JSON.stringify(record.impression.action)}`;
    const value = new TextEncoder().encode(JSON.stringify(record.impression));
    batch.rejected.push({ topic, partition, offset, rejection: { code: 'unknown-action', reason }, value });
    return;
  }
  const { eventId } = record.impression;
  if (isDuplicate(eventId)) {
    batch.duplicates++;
    return;
  }
  batch.eventIds.add(eventId);
  batch.impressions.push(record.impression);
  batch.partitions.push(partition);
  if (weight > 0) batch.positives++;
}
