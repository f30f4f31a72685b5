import { createRandom, type Random } from '@gatehouse/domain';

import { createPartitionQueues, type DeliveredRecord, type PartitionQueues } from './partition-queues';

interface Event {
  readonly partition: number;
  readonly offset: number;
  readonly timeMs: number;
}

const recordOf = ({ offset, timeMs }: Event, bytes = 10): DeliveredRecord => ({
  ...{ offset, key: null, value: new Uint8Array(bytes), headers: {} },
  timeMs,
});
let nowMs = 0;
const create = (hasGaps = false): PartitionQueues<Event> =>
  createPartitionQueues({
    decode: (partition, { offset, timeMs }) => ({ value: { partition, offset, timeMs }, timeMs }),
    maxBytes: 1000,
    hasGaps,
    patienceMs: 500,
    monotonicMs: () => nowMs,
  });
const deliver = (queues: PartitionQueues<Event>, events: readonly Event[], end = Infinity): number | undefined => {
  const [{ partition }] = events;
  return queues.deliver(partition, {
    records: events.map((event) => recordOf(event)),
    offsets: events.map(({ offset }) => offset),
    end: Number.isFinite(end) ? end : events.at(-1)!.offset + 1,
  });
};
const at = (partition: number, offset: number, timeMs = offset): Event => ({ partition, offset, timeMs });

/** The law, written as it is said: always the head with the least time, then partition. */
function merged(backlog: readonly (readonly Event[])[], from: readonly number[]): Event[] {
  const left = backlog.map((events, p) => events.slice(from[p]));
  const order: Event[] = [];
  for (;;) {
    const heads = left.flatMap((events) => events.slice(0, 1));
    if (heads.length === 0) return order;
    const [first] = heads.sort((a, b) => a.timeMs - b.timeMs || a.partition - b.partition);
    order.push(left[first.partition].shift()!);
  }
}

function randomBacklog(random: Random): Event[][] {
  return Array.from({ length: 1 + random.below(5) }, (_, partition) =>
    Array.from({ length: random.below(40) }, (_event, offset) => at(partition, offset, 3 * offset + random.below(9))),
  );
}

describe('partition queues', () => {
  beforeEach(() => {
    nowMs = 0;
  });

  it.each(Array.from({ length: 40 }, (_, seed) => seed))(
    'read a closed backlog in one order, however it is delivered and wherever it begins (seed %i)',
    (seed) => {
      const random = createRandom('backlog', seed);
      const backlog = randomBacklog(random);
      const from = backlog.map((events) => random.below(events.length + 1));
      const queues = create();
      for (const [p, events] of backlog.entries()) queues.place(p, from[p], events.length);
      const taken: Event[] = [];
      for (;;) {
        const behind = backlog.filter((events, p) => queues.nextOffset(p)! < events.length);
        if (behind.length > 0) {
          const events = behind[random.below(behind.length)];
          const next = queues.nextOffset(events[0].partition)!;
          const first = Math.max(0, next - random.below(3)); // some is delivered again
          expect(deliver(queues, events.slice(first, next + 1 + random.below(6)), events.length)).toBeUndefined();
        }
        taken.push(...queues.take(1 + random.below(5)));
        if (behind.length === 0 && queues.isDrained) break;
      }
      expect(taken).toEqual(merged(backlog, from));
    },
  );

  it('tell which offset is missing, and take nothing from behind it', () => {
    const queues = create();
    queues.place(0, 0, 10);
    expect(deliver(queues, [at(0, 0), at(0, 1)], 10)).toBeUndefined();
    expect(deliver(queues, [at(0, 3), at(0, 4)], 10)).toBe(2);
    expect(deliver(queues, [at(0, 2), at(0, 4)], 10)).toBe(3);
    expect(queues.take(10)).toEqual([at(0, 0), at(0, 1), at(0, 2)]);
    expect(queues.nextOffset(0)).toBe(3);
  });

  it('take offsets that are covered without a record, and any where gaps are allowed', () => {
    const queues = create();
    queues.place(0, 0, 3);
    expect(queues.deliver(0, { records: [recordOf(at(0, 2))], offsets: [0, 1, 2], end: 3 })).toBeUndefined();
    expect(queues.take(10)).toEqual([at(0, 2)]);
    const compacted = create(true);
    compacted.place(0, 0, 9);
    expect(deliver(compacted, [at(0, 4), at(0, 8)], 9)).toBeUndefined();
    expect(compacted.take(10)).toEqual([at(0, 4), at(0, 8)]);
  });

  it('wait for a partition that has more, as long as patience lasts, and not for one at its end', () => {
    const queues = create();
    queues.place(0, 0, 2);
    queues.place(1, 5, 5); // at its end
    queues.place(2, 0, 1); // has more
    deliver(queues, [at(0, 0), at(0, 1)]);
    expect(queues.take(10)).toEqual([]);
    nowMs = 499;
    expect(queues.take(10)).toEqual([]);
    nowMs = 500;
    expect(queues.take(10)).toEqual([at(0, 0), at(0, 1)]);
    deliver(queues, [at(2, 0)]);
    expect(queues.take(10)).toEqual([at(2, 0)]);
  });

  it('are full by bytes, and move on without losing what waits', () => {
    const queues = create();
    queues.place(0, 0, 100);
    deliver(
      queues,
      Array.from({ length: 9 }, (_, offset) => at(0, offset)),
      100,
    ); // 110 bytes each
    expect(queues.isFull(0)).toBe(false);
    deliver(queues, [at(0, 9)], 100);
    expect(queues.isFull(0)).toBe(true);
    queues.place(0, 50, 100);
    deliver(queues, [at(0, 50)], 100);
    expect(queues.take(20).map(({ offset }) => offset)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 50]);
    expect(queues.isFull(0)).toBe(false);
  });

  it('tells when the log became shorter than what was read of it', () => {
    const queues = create();
    queues.place(0, 1000, 1000);
    expect(deliver(queues, [at(0, 0), at(0, 1)], 50)).toBe(1000);
    expect(queues.take(10)).toEqual([]);
  });

  it('counts headers among the bytes that wait', () => {
    const queues = create();
    queues.place(0, 0, 1);
    const record = { ...recordOf(at(0, 0)), headers: { trace: Buffer.alloc(2000, 'x') } };
    queues.deliver(0, { records: [record], offsets: [0], end: 1 });
    expect(queues.isFull(0)).toBe(true);
    queues.take(1);
    expect(queues.isFull(0)).toBe(false);
  });
});
