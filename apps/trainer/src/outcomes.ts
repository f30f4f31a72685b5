import { type Impression, type Snapshot, type Stateful, tensorOf } from '@gatehouse/domain';
import type { OutcomesSpec } from '@gatehouse/schema';

/** What becomes of an event. */
export interface Outcome {
  /**
   * `learn`: a positive. `correct`: a positive whose item was given up as not acted on. `late`: the same, left out. `wait`: shown, and
   * its outcome is not known yet. `joined`: shown, and acted on before. `repeated`: shown again while it waits. `shown`: not acted on,
   * as far as anybody can tell, because it names no request.
   */
  readonly fate: 'learn' | 'correct' | 'late' | 'wait' | 'joined' | 'repeated' | 'shown';
  /** Shown items that became known as acted on. */
  readonly joined: number;
  /** Shown items whose wait has ended: they were not acted on. Oldest first. */
  readonly notActedOn: readonly Impression[];
}

/** Joins what was shown with what was done about it. */
export interface Outcomes extends Stateful {
  /** Takes in the next event of a partition. */
  take(impression: Impression, weight: number, partition: number): Outcome;
  /** Shown items that still wait. */
  readonly pending: number;
}

/** How an item that was shown ended, remembered as long again as it had waited. */
interface Ended {
  readonly wasActedOn: boolean;
  readonly untilMs: number;
}

/** One partition: all events of a request are in one, so none waits for another's clock. */
interface Partition {
  /** Greatest event time so far. */
  watermarkMs: number;
  /** By request and item, in the order shown. */
  waiting: Map<string, Impression>;
  ended: Map<string, Ended>;
}

const none: readonly Impression[] = [];

/**
 * Joins events of weight 0 with positives of the same request and item, by event time: an item that was shown waits `waitMs` for its
 * positive, and counts as not acted on once an event of its partition is that much later. A positive that comes after that is late.
 *
 * Everything follows from the order of events within their partition; nothing from the wall clock. At most `maxPending` items wait: beyond
 * that the longest waiting of the partition ends its wait early, and as many ended ones are remembered.
 *
 * @param name of the part in the checkpoint.
 */
export function createOutcomes(name: string, { waitMs, maxPending, late }: OutcomesSpec): Outcomes {
  let partitions = new Map<number, Partition>();

  const partitionAt = (number: number): Partition => {
    let partition = partitions.get(number);
    if (!partition) {
      partition = { watermarkMs: 0, waiting: new Map(), ended: new Map() };
      partitions.set(number, partition);
    }
    return partition;
  };
  const pending = (): number => [...partitions.values()].reduce((sum, { waiting }) => sum + waiting.size, 0);

  const end = (partition: Partition, key: string, shown: Impression, wasActedOn: boolean): void => {
    partition.waiting.delete(key);
    partition.ended.delete(key);
    partition.ended.set(key, { wasActedOn, untilMs: shown.eventTimeMs + 2 * waitMs });
    if (partition.ended.size > maxPending) partition.ended.delete(firstKey(partition.ended));
  };

  /** Ends the waits that the watermark has passed, and those that there is no room for. */
  const endWaits = (partition: Partition): readonly Impression[] => {
    let ended: Impression[] | undefined;
    for (const [key, shown] of partition.waiting) {
      const isOver = shown.eventTimeMs + waitMs <= partition.watermarkMs;
      if (!isOver && pending() <= maxPending) break;
      end(partition, key, shown, false);
      (ended ??= []).push(shown);
    }
    for (const [key, { untilMs }] of partition.ended) {
      if (untilMs > partition.watermarkMs) break;
      partition.ended.delete(key);
    }
    return ended ?? none;
  };

  const takeShown = (partition: Partition, key: string, shown: Impression): Pick<Outcome, 'fate' | 'joined'> => {
    if (partition.ended.get(key)?.wasActedOn) return { fate: 'joined', joined: 1 };
    if (partition.waiting.has(key)) return { fate: 'repeated', joined: 0 };
    partition.waiting.set(key, shown);
    return { fate: 'wait', joined: 0 };
  };

  const takePositive = (partition: Partition, key: string, positive: Impression): Pick<Outcome, 'fate' | 'joined'> => {
    const shown = partition.waiting.get(key);
    const isLate = !shown && partition.ended.get(key)?.wasActedOn === false;
    end(partition, key, shown ?? positive, true);
    if (isLate) return { fate: late === 'learn' ? 'correct' : 'late', joined: 0 };
    return { fate: 'learn', joined: shown ? 1 : 0 };
  };

  return {
    name,
    get pending() {
      return pending();
    },
    take: (impression, weight, number) => {
      const partition = partitionAt(number);
      partition.watermarkMs = Math.max(partition.watermarkMs, impression.eventTimeMs);
      const { requestId, itemId } = impression;
      if (requestId === undefined) {
        return { fate: weight > 0 ? 'learn' : 'shown', joined: 0, notActedOn: endWaits(partition) };
      }
      const key = JSON.stringify([requestId, itemId]);
      const taken = (weight > 0 ? takePositive : takeShown)(partition, key, impression);
      return { ...taken, notActedOn: endWaits(partition) };
    },
    snapshot: (): Snapshot => {
      const saved: SavedPartition[] = [...partitions].map(([number, { watermarkMs, waiting, ended }]) => [
        number,
        watermarkMs,
        [...waiting],
        [...ended],
      ]);
      const data = new TextEncoder().encode(JSON.stringify(saved));
      return { tensors: { partitions: { dtype: 'U8', shape: [data.length], data } }, metadata: null };
    },
    restore: (snapshot) => {
      const text = new TextDecoder().decode(tensorOf(name, snapshot, 'partitions', 'U8').slice());
      partitions = new Map(
        (JSON.parse(text) as SavedPartition[]).map(([number, watermarkMs, waiting, ended]) => [
          number,
          { watermarkMs, waiting: new Map(waiting), ended: new Map(ended) },
        ]),
      );
    },
  };
}

type SavedPartition = [number: number, watermarkMs: number, waiting: [string, Impression][], ended: [string, Ended][]];

function firstKey(map: ReadonlyMap<string, unknown>): string {
  return map.keys().next().value as string;
}
