import type { Impression, Offsets } from '@gatehouse/domain';
import type { ImpressionRecord, RejectedRecord } from '@gatehouse/events';

/** The records up to and including the last positive of one batch, in the order of the log. */
export interface ImpressionBatch {
  /** Positives and events of weight 0, in order. */
  readonly impressions: readonly Impression[];
  readonly rejected: readonly RejectedRecord[];
  /** Next offsets to read after this batch. */
  readonly endOffsets: Offsets;
}

/** Weight of an action, or undefined when the schema does not know it. */
export type WeightOf = (action: string) => number | undefined;

/** Records that a batch holds at most, per positive that it should have: bounds a stretch of the stream without positives. */
const recordsPerPositive = 64;

/**
 * Cuts a stream of records into batches of `positives` events of weight > 0, or fewer after 64 times as many records.
 *
 * Batches are cut by count alone, never by time or by how the records arrived, so that a run that resumes from the offsets
 * between two batches sees the same batches as one that never stopped. Records after the last full batch stay with the reader: they are read again.
 */
export async function* cutBatches(
  chunks: AsyncIterable<readonly ImpressionRecord[]>,
  positives: number,
  weightOf: WeightOf,
): AsyncGenerator<ImpressionBatch> {
  let open = emptyBatch();
  for await (const chunk of chunks) {
    for (const record of chunk) {
      take(open, record, weightOf);
      if (open.positives < positives && ++open.records < recordsPerPositive * positives) continue;
      yield { impressions: open.impressions, rejected: open.rejected, endOffsets: open.endOffsets };
      open = emptyBatch();
    }
  }
}

interface OpenBatch {
  positives: number;
  records: number;
  readonly impressions: Impression[];
  readonly rejected: RejectedRecord[];
  readonly endOffsets: Record<string, Record<number, number>>;
}

function emptyBatch(): OpenBatch {
  return { positives: 0, records: 0, impressions: [], rejected: [], endOffsets: {} };
}

function take(batch: OpenBatch, record: ImpressionRecord, weightOf: WeightOf): void {
  const { topic, partition, offset } = record;
  (batch.endOffsets[topic] ??= {})[partition] = offset + 1;
  if ('rejection' in record) {
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
  batch.impressions.push(record.impression);
  if (weight > 0) batch.positives++;
}
