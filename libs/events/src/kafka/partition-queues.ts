/** A record as a broker delivers it. */
export interface DeliveredRecord {
  readonly offset: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: Readonly<Record<string, unknown>>;
  /** Time of the record, in milliseconds since 1970: its producer's or the broker's. */
  readonly timeMs: number;
}

/** What one fetch brought of a partition. */
export interface Delivery {
  readonly records: readonly DeliveredRecord[];
  /** Every offset that the fetch covered, in order: also those of control records and of aborted transactions. */
  readonly offsets: readonly number[];
  /** Next offset that will be written, as the broker knew it. */
  readonly end: number;
}

/** A decoded record with what orders it among the partitions. */
export interface Timed<T> {
  readonly value: T;
  /** Event time; -Infinity for what has none. */
  readonly timeMs: number;
}

/** How {@link createPartitionQueues} reads. */
export interface PartitionQueuesOptions<T> {
  readonly decode: (partition: number, record: DeliveredRecord) => Timed<T>;
  /** Bytes of a partition that may wait; more pauses it. */
  readonly maxBytes: number;
  /** Whether offsets may be missing, as in a compacted topic. */
  readonly hasGaps: boolean;
  /** How long a partition that has more is waited for, before the others go on without it. */
  readonly patienceMs: number;
  readonly monotonicMs: () => number;
}

/** Records of several partitions on their way to one reader. */
export interface PartitionQueues<T> {
  /** Begins a partition, or moves it on: `next` is the next offset to fetch. What waits stays. */
  place(partition: number, next: number, end: number): void;
  /** Partitions that are read, ascending. */
  readonly partitions: readonly number[];
  /** Next offset to be fetched; undefined where the partition is not read. */
  readonly nextOffset: (partition: number) => number | undefined;
  /** Takes in a fetch; what was delivered before is dropped. Returns the offset that is missing before it, if one is. */
  deliver(partition: number, delivery: Delivery): number | undefined;
  /** Whether nothing waits. */
  readonly isDrained: boolean;
  /** Whether so much waits that the partition should be paused. */
  readonly isFull: (partition: number) => boolean;
  /** The next records in order of event time, partition, offset; none when a partition has to be waited for. */
  take(limit: number): T[];
}

interface Queue<T> {
  next: number;
  end: number;
  waiting: DeliveredRecord[];
  /** Index of the first record in `waiting` that was not taken. */
  first: number;
  head: Timed<T> | undefined;
  bytes: number;
  /** When the others began to wait for this one. */
  awaitedSinceMs: number | undefined;
}

/**
 * Merges partitions by event time, then partition, then offset. The order depends on nothing but the records from the given positions on,
 * so a closed backlog is read in the same order by everyone who starts at the same positions. A partition whose end was reached is not
 * waited for: on a live topic the order depends on what has come.
 *
 * @example
 * const queues = createPartitionQueues({ decode, maxBytes: 2 ** 21, hasGaps: false, patienceMs: 30_000, monotonicMs });
 * queues.place(0, 4096, 5000);
 * queues.deliver(0, { records, offsets, end: 5000 });
 * queues.take(1000);
 */
export function createPartitionQueues<T>(options: PartitionQueuesOptions<T>): PartitionQueues<T> {
  const { decode, maxBytes, hasGaps, patienceMs, monotonicMs } = options;
  const queues = new Map<number, Queue<T>>();

  const headOf = (partition: number, queue: Queue<T>): Timed<T> | undefined => {
    if (!queue.head && queue.first < queue.waiting.length) queue.head = decode(partition, queue.waiting[queue.first]);
    return queue.head;
  };

  /** Whether the others must wait for a queue that has nothing at hand. */
  const isAwaited = (queue: Queue<T>): boolean => {
    if (queue.next >= queue.end) return false;
    queue.awaitedSinceMs ??= monotonicMs();
    return monotonicMs() - queue.awaitedSinceMs < patienceMs;
  };

  /** The partition whose head comes first; undefined when there is none, or one has to be waited for. */
  const earliest = (): Queue<T> | undefined => {
    let found: Queue<T> | undefined;
    let foundMs = Infinity;
    for (const [partition, queue] of queues) {
      const head = headOf(partition, queue);
      if (!head) {
        if (isAwaited(queue)) return undefined;
      } else if (!found || head.timeMs < foundMs) [found, foundMs] = [queue, head.timeMs];
    }
    return found;
  };

  const pop = (queue: Queue<T>): T => {
    const { value } = queue.head as Timed<T>;
    queue.bytes -= bytesOf(queue.waiting[queue.first]);
    queue.head = undefined;
    if (++queue.first === queue.waiting.length) [queue.waiting, queue.first] = [[], 0];
    return value;
  };

  return {
    get partitions() {
      return [...queues.keys()];
    },
    place: (partition, next, end) => {
      const queue = queues.get(partition);
      if (queue) {
        Object.assign(queue, { next, end });
        return;
      }
      queues.set(partition, { next, end, waiting: [], first: 0, head: undefined, bytes: 0, awaitedSinceMs: undefined });
      const ascending = [...queues].sort(([a], [b]) => a - b);
      queues.clear();
      for (const [key, queue] of ascending) queues.set(key, queue);
    },
    get isDrained() {
      return [...queues.values()].every(({ waiting }) => waiting.length === 0);
    },
    nextOffset: (partition) => queues.get(partition)?.next,
    deliver: (partition, { records, offsets, end }) => {
      const queue = queues.get(partition);
      if (!queue) return undefined;
      if (offsets.length > 0 && end < queue.next) return queue.next; // the log became shorter than what was read of it
      queue.end = Math.max(queue.end, end);
      const kept = records[Symbol.iterator]();
      let record = kept.next();
      for (const offset of offsets) {
        const isRecord = !record.done && record.value.offset === offset;
        if (offset >= queue.next) {
          if (offset > queue.next && !hasGaps) return queue.next;
          queue.next = offset + 1;
          queue.awaitedSinceMs = undefined;
          if (isRecord) {
            queue.waiting.push(record.value as DeliveredRecord);
            queue.bytes += bytesOf(record.value as DeliveredRecord);
          }
        }
        if (isRecord) record = kept.next();
      }
      return undefined;
    },
    isFull: (partition) => (queues.get(partition)?.bytes ?? 0) >= maxBytes,
    take: (limit) => {
      const taken: T[] = [];
      while (taken.length < limit) {
        const queue = earliest();
        if (!queue) break;
        taken.push(pop(queue));
      }
      return taken;
    },
  };
}

/** Bytes that a record keeps in memory, roughly. */
function bytesOf({ key, value, headers }: DeliveredRecord): number {
  let bytes = (key?.length ?? 0) + (value?.length ?? 0) + 100;
  for (const name in headers) bytes += name.length + lengthOf(headers[name]);
  return bytes;
}

/** Of a header: bytes, a text, or several of them. */
function lengthOf(header: unknown): number {
  if (Array.isArray(header)) return header.reduce<number>((sum, each) => sum + lengthOf(each), 0);
  return typeof header === 'string' || header instanceof Uint8Array ? header.length : 0;
}
